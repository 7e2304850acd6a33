/** The imports that the files of a folder may have besides one another. */
export interface ImportRule {
  /** A folder of src; for a file, the deepest folder with a row counts. */
  readonly who: string;
  /** Folders and files of src. A folder stands for its files, and for those of its folders without a row. */
  readonly from: readonly string[];
  /** Packages, and Node's own modules. */
  readonly modules: readonly string[];
  readonly why: string;
}

const KINDS = ['core/values', 'core/peers', 'core/exchange', 'core/kernel'];
const CORE = [...KINDS, 'core/decisions', 'core/changes'];
const ROOT = ['system/files', 'system/kernel', 'system/store', 'system/domain'];

/**
 * No row lets root's daemons see `host` or `operator`, the listener see `system`, a door see another
 * one, or any folder but `system/run`, `handler-client` and `mail` start programs. `core` is pure: no I/O, no clock, no
 * environment.
 */
export const IMPORT_RULES: readonly ImportRule[] = [
  {
    who: 'core/values',
    from: [],
    modules: ['node:crypto', 'ip6addr', 'zod'],
    why: 'The basic terms that everything else uses.',
  },
  { who: 'core/peers', from: ['core/values'], modules: [], why: 'The facts about a peer, however they were read.' },
  {
    who: 'core/exchange',
    from: ['core/values'],
    modules: [],
    why: 'Whether an exchange is well-formed depends on nothing else.',
  },
  {
    who: 'core/fleet',
    from: ['core/values', 'core/exchange'],
    modules: ['zod'],
    why: 'What gateways and fronts say to one another, and which gateway a router gets.',
  },
  {
    who: 'core/relay',
    from: ['core/values'],
    modules: ['node:crypto'],
    why: 'What goes through the relay, for the relay alone.',
  },
  {
    who: 'core/leases',
    from: ['core/values', 'core/peers/address-plan.ts'],
    modules: ['node:crypto'],
    why: 'What a lease is, for gateways and clients.',
  },
  {
    who: 'core/settings',
    from: ['core/values'],
    modules: ['smol-toml', 'zod'],
    why: 'How a complaint about a file of settings reads, whatever it is for.',
  },
  {
    who: 'core/client',
    from: [
      ...['core/values', 'core/settings', 'core/leases', 'core/exchange/exchange.ts'],
      ...['core/kernel/rules.ts', 'core/kernel/table-routes.ts'],
    ],
    modules: ['node:crypto', 'smol-toml', 'zod'],
    why: 'A member’s end of a tunnel: what is allowed to come from a gateway, and which gateway it is.',
  },
  {
    who: 'core/mail',
    from: ['core/values', 'core/leases'],
    modules: ['node:crypto', 'zod'],
    why: 'The letters that root writes and wgkex-mail sends.',
  },
  {
    who: 'core/kernel',
    from: ['core/values', 'core/peers'],
    modules: ['zod'],
    why: 'The text of wg, bridge and ip; its purpose does not matter to a parser.',
  },
  {
    who: 'core/privsep',
    from: ['core/values', 'core/exchange', 'core/leases/third-line.ts'],
    modules: ['zod'],
    why: 'Everything that crosses the wall between listener and handler; both sides read it.',
  },
  {
    who: 'core/decisions',
    from: ['core/values', 'core/peers', 'core/exchange', 'core/leases'],
    modules: [],
    why: 'A decision depends on facts, never on how they were read or on its effects.',
  },
  {
    who: 'core/changes',
    from: ['core/values', 'core/peers', 'core/exchange', 'core/leases', 'core/kernel', 'core/decisions'],
    modules: [],
    why: 'The changes of a decision in the kernel.',
  },
  {
    who: 'core/host',
    from: ['core/values'],
    modules: ['zod'],
    why: 'The machine around wgkex, for the operator’s command alone.',
  },
  {
    who: 'core/host/forwarding',
    from: ['core/values'],
    modules: ['zod'],
    why: 'What becomes of packets of members, for the operator’s command alone.',
  },
  {
    who: 'core/operator',
    from: ['core/values', 'core/peers', 'core/decisions'],
    modules: ['node:crypto'],
    why: 'The questions of an operator and the answers, for the operator’s command alone.',
  },
  {
    who: 'config',
    from: [
      'core/values',
      'core/settings',
      'core/kernel',
      'core/leases/pool.ts',
      'core/leases/third-line.ts',
      'core/leases/tunnel-config.ts',
      'core/fleet/broker-url.ts',
      'core/fleet/gateway-id.ts',
      'core/fleet/limits.ts',
      'core/mail/address.ts',
    ],
    modules: ['node:fs', 'node:net', 'smol-toml', 'zod'],
    why: 'Every part reads the configuration; it knows none of them.',
  },
  {
    who: 'log',
    from: ['core/values', 'config'],
    modules: ['node:fs', 'node:tty', 'pino'],
    why: 'Every part writes to the journal; it knows none of them.',
  },
  {
    who: '',
    from: ['core/values', 'log'],
    modules: ['../package.json', 'node:net', 'node:util'],
    why: 'What programs have in common: command lines, what systemd passes to them, all addresses of a name.',
  },
  {
    who: 'system/run',
    from: ['core/values'],
    modules: ['node:child_process', 'node:readline'],
    why: 'It alone starts programs as root: absolute paths, a fixed environment, a timeout.',
  },
  {
    who: 'system/files',
    from: ['core/values', 'system/run'],
    modules: ['node:fs', 'node:path'],
    why: 'How root reads, writes, trusts and locks a file, whatever its contents.',
  },
  {
    who: 'system/kernel',
    from: ['core/values', 'core/kernel', 'config', 'system/run'],
    modules: ['node:fs', 'node:os'],
    why: 'One call of a program of the kernel’s tools, whatever its purpose.',
  },
  {
    who: 'system/store',
    from: [
      ...[
        'core/values',
        'core/peers',
        'core/exchange',
        'core/decisions',
        'core/leases/leased-plan.ts',
        'config',
        'log',
      ],
      'system/files',
    ],
    modules: ['node:fs', 'node:path', 'zod'],
    why: 'The files that root keeps on disk.',
  },
  {
    who: 'system/leases',
    from: ['core/values', 'core/leases', 'system/run', 'system/files'],
    modules: ['node:fs', 'node:path', 'zod'],
    why: 'The table of leases: only who grants or ends leases needs SQLite.',
  },
  {
    who: 'system/client',
    from: ['core/values', 'core/client', 'core/kernel', 'system/run', 'system/files'],
    modules: ['node:fs', 'zod'],
    why: 'A member’s tunnel in the kernel, for wgkex-tunnel alone.',
  },
  {
    who: 'system/client/store',
    from: ['core/values', 'core/leases', 'core/client', 'system/run', 'system/files'],
    modules: ['node:fs', 'node:path', 'zod'],
    why: 'A member’s files that only root reads and writes.',
  },
  {
    who: 'system/domain',
    from: [...CORE, 'config', 'log', 'system/run', 'system/files', 'system/kernel', 'system/store'],
    modules: ['node:fs', 'node:path'],
    why: 'One domain as root reads and changes it: kernel and files together.',
  },
  {
    who: 'system/members',
    from: [
      ...[
        'core/values',
        'core/peers',
        'core/kernel',
        'core/decisions',
        'core/changes',
        'core/leases',
        'core/mail',
        'config',
        'log',
      ],
      ...['system/run', 'system/files', 'system/kernel', 'system/domain', 'system/leases', 'system/mail'],
    ],
    modules: ['node:fs', 'node:path', 'zod'],
    why: 'The members of a domain as root sees them: table and kernel together.',
  },
  {
    who: 'system/host',
    from: [
      'core/values',
      'core/exchange',
      'core/fleet/drain.ts',
      'core/host',
      'core/operator',
      'system/run',
      'system/files',
    ],
    modules: ['node:crypto', 'node:fs', 'node:path'],
    why: 'The files that only the operator’s command reads and writes as root.',
  },
  {
    who: 'system/host/forwarding',
    from: ['core/host/forwarding', 'system/run'],
    modules: ['node:fs'],
    why: 'Whether packets of members get through this machine, for the operator’s command alone.',
  },
  {
    who: 'system/mail',
    from: ['core/values', 'core/leases', 'core/mail', 'system/files'],
    modules: ['node:fs', 'node:path'],
    why: 'Root’s end of the outbox.',
  },
  {
    who: 'handler-client',
    from: ['core/values', 'core/exchange', 'core/privsep', 'log', 'command-line.ts'],
    modules: ['node:child_process', 'node:stream'],
    why: 'It starts the handler through sudo, and nothing else, without privileges.',
  },
  {
    who: 'listener',
    from: [
      ...['core/values', 'core/exchange', 'core/fleet/answers.ts', 'core/leases/third-line.ts', 'core/privsep'],
      ...['config', 'log', 'command-line.ts'],
      ...[
        'inherited-sockets.ts',
        'handler-client',
        'listener/lines',
        'listener/http',
        'listener/mqtt',
        'listener/metrics',
      ],
    ],
    modules: ['node:net', 'node:os'],
    why: 'A stranger may take it over: it shares only the core with root.',
  },
  {
    who: 'listener/lines',
    from: [
      ...['core/exchange', 'handler-client'],
      ...['listener/desk.ts', 'listener/client-address.ts', 'listener/waiting-line.ts'],
    ],
    modules: ['node:net'],
    why: 'A door: it knows the desk, and no other door.',
  },
  {
    who: 'listener/web',
    from: ['handler-client', 'listener/waiting-line.ts'],
    modules: ['node:http', 'node:net'],
    why: 'HTTP within limits, whatever it is for.',
  },
  {
    who: 'listener/http',
    from: [
      ...['core/values', 'core/exchange', 'config', 'log', 'listener/web'],
      ...['listener/desk.ts', 'listener/client-address.ts', 'listener/sockets.ts'],
    ],
    modules: ['node:http', 'node:net'],
    why: 'A door: it knows the desk, and no other door.',
  },
  {
    who: 'mqtt-client',
    from: ['core/fleet', 'config', 'address-families.ts'],
    modules: ['mqtt', 'node:os'],
    why: 'How a program of this machine connects to the broker.',
  },
  {
    who: 'listener/mqtt',
    from: [
      ...['core/values', 'core/exchange', 'core/fleet', 'core/privsep', 'config', 'log', 'mqtt-client'],
      'listener/desk.ts',
    ],
    modules: ['../package.json', 'mqtt', 'node:crypto', 'node:fs', 'node:os', 'node:path'],
    why: 'A door and a front: it knows the desk, and no other door.',
  },
  {
    who: 'listener/metrics',
    from: [
      ...['core/values', 'core/exchange', 'core/privsep', 'core/peers/peer-state.ts'],
      ...['core/fleet/answers.ts', 'core/fleet/census.ts', 'config', 'log'],
      ...['handler-client', 'listener/web', 'listener/desk.ts'],
    ],
    modules: ['../package.json', 'node:fs', 'node:http', 'node:net', 'prom-client'],
    why: 'It counts the reports of the desk and of the fleet.',
  },
  {
    who: 'relay',
    from: [
      'core/values',
      'core/exchange/source-limits.ts',
      'core/relay',
      'log',
      'command-line.ts',
      'inherited-sockets.ts',
    ],
    modules: ['../package.json', 'commander', 'node:dgram', 'node:http', 'node:net', 'prom-client'],
    why: 'It faces strangers, and is a package of its own: no other program shares more than the core with it.',
  },
  {
    who: 'tunnel',
    from: [
      ...['core/values', 'core/leases', 'core/client', 'core/privsep/message-lines.ts', 'log', 'command-line.ts'],
      ...['system/run', 'system/files', 'system/client', 'system/client/store'],
    ],
    modules: ['node:crypto', 'node:fs', 'node:stream'],
    why: 'Root on a member’s machine: it trusts neither gateways nor wgkex-join.',
  },
  {
    who: 'join',
    from: [
      'core/values',
      'core/client',
      'command-line.ts',
      'join/commands',
      'join/commands/doctor',
      'join/commands/doctor',
    ],
    modules: ['../package.json', 'commander'],
    why: 'It lists the commands; the code of a command is loaded when it is called.',
  },
  {
    who: 'join/daemon',
    from: [
      ...['core/values', 'core/client', 'core/exchange/exchange.ts', 'core/privsep/message-lines.ts', 'log'],
      ...['command-line.ts', 'handler-client/deadline.ts'],
      ...['relay/client.ts', 'relay/figures.ts'],
    ],
    modules: [
      ...['node:child_process', 'node:dns/promises', 'node:fs', 'node:net', 'node:os', 'node:path', 'node:stream'],
      ...['node:timers/promises', 'zod'],
    ],
    why: 'It talks to gateways without privileges and without secrets: it shares only the core with root, and starts wgkex-tunnel alone.',
  },
  {
    who: 'join/commands',
    from: [
      ...['core/values', 'core/client', 'core/leases', 'core/exchange/exchange.ts', 'core/host/units.ts'],
      ...['core/operator/byte-count.ts', 'command-line.ts', 'cli/terminal', 'join/daemon', 'system/run'],
      ...['system/client', 'system/client/store', 'system/host/timers.ts', 'system/host/units.ts'],
    ],
    modules: ['node:fs', 'node:path', 'node:timers/promises', 'qrcode-generator'],
    why: 'What root does by hand for a member’s tunnel.',
  },
  {
    who: 'join/commands/doctor',
    from: [
      ...['core/values', 'core/client', 'core/leases', 'core/relay/endpoints.ts', 'cli/terminal', 'join/daemon'],
      ...['core/host', 'system/host', 'system/run', 'system/client', 'system/client/store', 'join/commands'],
    ],
    modules: ['node:dns/promises', 'node:fs', 'node:net', 'node:timers/promises', 'zod'],
    why: 'What a tunnel needs of its machine and of its gateways; it changes nothing.',
  },
  {
    who: 'mail',
    from: ['core/values', 'core/leases', 'core/mail', 'config', 'log', 'command-line.ts', 'address-families.ts'],
    modules: ['node:child_process', 'node:fs', 'node:path', 'node:stream/consumers', 'nodemailer'],
    why: 'It talks to mail servers without privileges: it shares only the core with root, and starts sendmail alone.',
  },
  {
    who: 'handler',
    from: [
      ...['core/values', 'core/exchange', 'core/privsep', 'core/kernel', 'core/changes', 'config', 'log'],
      ...['command-line.ts', 'system/run', ...ROOT, 'handler/service', 'handler/leases'],
    ],
    modules: ['node:stream'],
    why: 'It does not trust the listener, and the cleanup is a separate program.',
  },
  {
    who: 'handler/service',
    from: [
      ...['core/values', 'core/exchange', 'core/privsep', 'config', 'log'],
      ...['system/files', 'system/kernel', 'system/domain', 'system/store'],
    ],
    modules: [],
    why: 'How requests wait for a domain, whatever it does for them.',
  },
  {
    who: 'handler/leases',
    from: [
      ...[
        'core/values',
        'core/peers',
        'core/exchange',
        'core/decisions',
        'core/changes',
        'core/privsep',
        'core/leases',
      ],
      ...['config', 'log', 'handler/service'],
      ...['system/files', 'system/kernel', 'system/domain', 'system/leases', 'system/members'],
    ],
    modules: [],
    why: 'What the handler does for members; without a domain that has leases nothing of it is loaded.',
  },
  {
    who: 'cleanup',
    from: [...CORE, 'config', 'log', 'command-line.ts', ...ROOT, 'cleanup/pass', 'cleanup/leases'],
    modules: [],
    why: 'It is a separate program.',
  },
  {
    who: 'cleanup/pass',
    from: ['core/values', 'core/peers', 'core/decisions', 'config', 'log', 'system/domain', 'system/store'],
    modules: [],
    why: 'What every pass has, whatever its domain.',
  },
  {
    who: 'cleanup/leases',
    from: [
      ...['core/values', 'core/decisions', 'core/changes', 'cleanup/pass'],
      ...['system/domain', 'system/leases', 'system/members'],
    ],
    modules: [],
    why: 'What the cleanup does for members; without a domain that has leases nothing of it is loaded.',
  },
  {
    who: 'cli/terminal',
    from: ['core/values', 'command-line.ts'],
    modules: ['node:readline', 'signal-exit'],
    why: 'Tables, colours and words for a terminal, whatever the subject.',
  },
  {
    who: 'cli/gateway',
    from: [
      ...['core/values', 'core/peers', 'core/exchange', 'core/kernel', 'core/decisions', 'core/changes', 'core/host'],
      ...['core/operator', 'core/leases', 'config', 'command-line.ts', 'system/run', ...ROOT, 'system/host'],
      'cli/terminal',
    ],
    modules: ['node:events', 'node:net', 'node:util'],
    why: 'The parts of the gateway that a command reads.',
  },
  {
    who: 'cli/fleet',
    from: ['core/values', 'core/fleet', 'config', 'mqtt-client', 'system/run', 'system/host', 'cli/gateway'],
    modules: ['mqtt', 'node:events'],
    why: 'The other gateways, as the broker knows them.',
  },
  {
    who: 'cli/members',
    from: [
      ...['core/values', 'core/leases', 'core/mail', 'core/changes', 'config'],
      ...['system/leases', 'system/mail', 'system/members', 'cli/gateway', 'cli/terminal'],
    ],
    modules: ['node:fs', 'node:path'],
    why: 'What the table says of members; without a domain that has leases hardly anything of it is loaded.',
  },
  {
    who: 'cli/views',
    from: [
      ...['core/values', 'core/peers', 'core/kernel', 'core/decisions', 'core/changes', 'core/operator', 'config'],
      ...['core/leases', 'cli/gateway', 'cli/terminal'],
    ],
    modules: [],
    why: 'The output that several commands share.',
  },
  {
    who: 'cli/editing',
    from: [
      ...['core/values', 'core/exchange', 'core/kernel', 'core/decisions', 'core/changes', 'core/operator', 'config'],
      ...['log', 'command-line.ts', 'system/files', 'system/kernel', 'system/domain', 'system/host'],
      ...['system/members', 'cli/gateway', 'cli/fleet', 'cli/views', 'cli/terminal'],
    ],
    modules: [],
    why: 'The common part of the commands that change something.',
  },
  {
    who: 'cli/leases',
    from: [
      ...['core/values', 'core/leases', 'core/decisions', 'config', 'command-line.ts'],
      ...[
        'system/files',
        'system/kernel',
        'system/store',
        'system/domain',
        'system/leases',
        'system/members',
        'system/mail',
      ],
      ...['cli/gateway', 'cli/editing', 'cli/terminal'],
    ],
    modules: ['node:crypto'],
    why: 'The common part of the commands for leases.',
  },
  {
    who: 'cli/check',
    from: [
      ...['core/values', 'core/host', 'config', 'system/run', 'system/kernel', 'system/host', 'cli/gateway'],
      'cli/terminal',
    ],
    modules: [],
    why: 'The checks of the domains.',
  },
  {
    who: 'cli/check/leases',
    from: [
      ...['core/host/forwarding', 'config', 'system/kernel', 'system/host/forwarding', 'cli/gateway', 'cli/members'],
      'cli/check',
    ],
    modules: [],
    why: 'The checks of leases, for a gateway that has some.',
  },
  {
    who: 'cli/check/machine',
    from: [
      ...['core/values', 'core/exchange', 'core/host', 'config', 'system/run', 'system/files', 'system/kernel'],
      ...['system/host', 'system/members/table-file.ts', 'cli/gateway', 'cli/check', 'cli/fleet', 'mqtt-client'],
    ],
    modules: ['../package.json', 'node:dns/promises', 'node:fs', 'node:http', 'node:os', 'node:path'],
    why: 'The checks of the machine.',
  },
  {
    who: 'cli/page/drawing',
    from: ['core/values'],
    modules: [],
    why: 'Shapes and words of the page, whatever the subject.',
  },
  {
    who: 'cli/page',
    from: [
      ...['core/values', 'core/peers', 'core/exchange', 'core/changes', 'cli/gateway', 'cli/terminal'],
      'cli/page/drawing',
    ],
    modules: [],
    why: 'The page that anybody may see.',
  },
  {
    who: 'cli/commands',
    from: [
      ...['core/values', 'core/peers', 'core/exchange', 'core/changes', 'core/host', 'core/operator', 'config'],
      ...['command-line.ts', 'system/kernel', 'system/store', 'system/host', 'cli/gateway', 'cli/views'],
      ...[
        'cli/editing',
        'cli/check',
        'cli/check/machine',
        'cli/check/leases',
        'cli/members',
        'cli/fleet',
        'cli/page',
        'cli/terminal',
      ],
    ],
    modules: ['node:crypto', 'node:fs', 'node:timers/promises'],
    why: 'One folder for each verb: its action, its text, its JSON.',
  },
  {
    who: 'cli/commands/lease',
    from: [
      ...[
        'core/values',
        'config',
        'core/leases',
        'core/mail/address.ts',
        'command-line.ts',
        'system/files',
        'system/kernel',
        'system/leases',
        'system/members',
      ],
      ...['cli/leases', 'cli/editing', 'cli/terminal'],
    ],
    modules: ['node:fs'],
    why: 'The verbs for leases; no other command needs SQLite.',
  },
  {
    who: 'cli/commands/import-ffmuc',
    from: [
      ...['core/values', 'core/settings'],
      ...['core/fleet/broker-url.ts', 'core/fleet/gateway-id.ts', 'core/fleet/limits.ts'],
      'cli/terminal',
    ],
    modules: ['node:fs', 'node:net', 'node:os', 'yaml', 'zod'],
    why: 'It alone reads YAML, and it changes nothing.',
  },
  {
    who: 'cli',
    from: [
      ...['core/values', 'core/peers', 'core/operator', 'command-line.ts', 'cli/commands'],
      ...['cli/commands/import-ffmuc', 'cli/commands/lease', 'cli/terminal'],
    ],
    modules: ['../package.json', 'commander'],
    why: 'It lists the commands; the code of a command is loaded when it is called.',
  },
];
