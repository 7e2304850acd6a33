import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { send } from '../../lab/client.ts';
import { type Background, eventually, shIn, startIn } from '../../lab/commands.ts';
import { Gateway, WIREGUARD_PORT } from '../../lab/gateway.ts';
import { grant, leased, MEMBERS, makeTicket, type Ticket } from '../../lab/leases.ts';
import { CLIENT_DIRECTORY } from '../../src/core/client/installation.ts';
import { deriveInterface, type Instance, parseGateway, parseInstanceName } from '../../src/core/client/instance.ts';
import type { ReplyOf, RequestOf } from '../../src/core/client/messages.ts';
import { buildReplyProof } from '../../src/core/leases/proof.ts';
import { parseThirdLine } from '../../src/core/leases/third-line.ts';
import { parseIpAddress } from '../../src/core/values/ip-address.ts';
import type { DomainName } from '../../src/core/values/names.ts';
import { writeInstance } from '../../src/system/client/store/instances.ts';
import { makeKey, writeCredentials } from '../../src/system/client/store/secrets.ts';

const NUMBER = 151;
const TUNNEL = fileURLToPath(new URL('../../dist/wgkex-tunnel', import.meta.url));
const HOME = `wall${NUMBER}`;
/** One tunnel that is up, and one that is not, in domains with other addresses. */
const [UP, DOWN] = [parseInstanceName('wall-up'), parseInstanceName('wall-down')];
type Name = typeof UP;
const DOMAINS = [MEMBERS, 'others'];
const DEVICE = deriveInterface(UP);
/** What the member's machine has in place of the files in /etc. */
const ETC = `/etc/netns/${HOME}`;
/** Together about as long as a test may take. */
const MANY = 10_000;
const MANY_SECONDS = 120;
/** What Node itself needs, and some more. */
const MOST_KILOBYTES = 150_000;

type Up = RequestOf<'up'>;
type TicketLines = Extract<ReplyOf<'ticket'>, { readonly ticket: unknown }>['ticket'];
interface Reply {
  readonly type: string;
  readonly id?: number;
  readonly refused?: string;
  readonly ticket?: TicketLines;
  readonly look?: Readonly<Record<string, unknown>>;
}

/** The built wgkex-tunnel on the member's machine, and a test in place of a wgkex-join that somebody has taken over. */
class Wall {
  readonly child: Background;
  #id = 0;

  constructor(before: readonly string[] = []) {
    this.child = startIn(HOME, ...before, TUNNEL);
  }

  static async open(name: Name, before: readonly string[] = []): Promise<Wall> {
    const wall = new Wall(before);
    wall.write(`${JSON.stringify({ type: 'begin', name })}\n`);
    await wall.read(1);
    return wall;
  }

  write(text: string): void {
    this.child.child.stdin?.write(text);
  }

  /** Resolves with all replies once there are this many, or once the program has ended. */
  async read(count: number, seconds?: number): Promise<Reply[]> {
    const lines = () => this.child.stdout.split('\n').slice(0, -1);
    await eventually(`${count} lines come`, () => lines().length >= count || this.child.hasEnded, seconds);
    return lines().map((line) => JSON.parse(line));
  }

  async ask(type: string, fields: object = {}): Promise<Reply> {
    const id = ++this.#id;
    this.write(`${JSON.stringify({ type, id, ...fields })}\n`);
    const reply = (await this.read(id + 1))[id];
    if (reply?.id !== id) throw new Error(`No reply to ${type}: ${this.child.stdout} ${this.child.stderr}`);
    return reply;
  }

  async ticket(): Promise<TicketLines> {
    const { ticket, refused } = await this.ask('ticket');
    if (ticket === undefined) throw new Error(refused);
    return ticket;
  }

  /** Ends its input, and resolves with its exit status once it has ended. */
  async close(): Promise<number | null> {
    this.child.child.stdin?.end();
    await eventually('wgkex-tunnel ends', () => this.child.hasEnded);
    return this.child.child.exitCode;
  }
}

let gateway: Gateway;
let leases: Readonly<Record<Name, Ticket>>;
let gatewayName: string;

before(async () => {
  const others = { name: DOMAINS[1] as string, index: 1, pool: ['10.67.0.0/24'] };
  gateway = await Gateway.create(NUMBER, [leased(NUMBER), leased(NUMBER, others)]);
  await gateway.start();
  await gateway.segment.join(HOME, '3.1', '301::1');
  await mkdir(ETC, { recursive: true });
  await writeFile(`${ETC}/resolv.conf`, 'nameserver 192.0.2.53\n');
  gatewayName = `${gateway.address}:10012`;
  leases = { [UP]: await grant(gateway), [DOWN]: await grant(gateway, { domain: DOMAINS[1] as DomainName }) };
  for (const name of [UP, DOWN]) await setUp(name, leases[name] as Ticket);
  const wall = await Wall.open(UP);
  const { look, refused } = await wall.ask('up', await exchange(UP, await wall.ticket()));
  assert.equal(look?.['isUp'], true, refused);
  assert.equal(await wall.close(), 0);
  await eventually('the gateway answers through the tunnel', () => ping('10.66.0.1'));
  await eventually('addresses are settled', async () => !(await shIn(HOME, 'ip', 'addr')).includes('tentative'));
});
after(async () => {
  for (const name of [UP, DOWN]) await shIn(HOME, TUNNEL, '--down', name);
  await gateway.close();
  await rm(ETC, { recursive: true });
});

async function setUp(name: Name, { id, secret, domain }: Ticket): Promise<void> {
  const instance: Instance = {
    name,
    gateways: [parseGateway(gateway.address)],
    domain,
    traffic: 'routes',
    overTcp: 'auto',
    sample: 3,
  };
  writeInstance(instance);
  writeCredentials(name, { id, secret });
  await makeKey(name);
}

/** What wgkex-join passes on of the real gateway's reply to a ticket. */
async function exchange(name: Name, { key, line }: TicketLines): Promise<Omit<Up, 'type' | 'id'>> {
  const { domain } = leases[name] as Ticket;
  const text = await send(gateway.address, [`${domain}\n${key}\n${line}\n`]);
  const [code, config = '', proof = ''] = text.split('\n');
  assert.equal(code, 'OK');
  const endpoint = { address: parseIpAddress(gateway.address), port: WIREGUARD_PORT + DOMAINS.indexOf(domain) };
  return { gateway: gatewayName, config, proof, endpoint, via: 'udp' };
}

/** The same of a hostile gateway that knows the lease, and says what it wants. */
async function lie(wall: Wall, name: Name, change: (config: string) => string): Promise<Omit<Up, 'type' | 'id'>> {
  const ticket = await wall.ticket();
  const honest = await exchange(name, ticket);
  const config = Buffer.from(change(Buffer.from(honest.config, 'base64').toString())).toString('base64');
  return { ...honest, config, proof: sign(ticket, leases[name] as Ticket, config) };
}

function sign({ key, line }: TicketLines, { secret }: Ticket, config: string): string {
  return buildReplyProof(secret, { key, nonce: parseThirdLine(line)?.nonce ?? '', line: config });
}

function ping(address: string): Promise<boolean> {
  return shIn(HOME, 'ping', '-c', '1', '-W', '1', address).then(
    () => true,
    () => false,
  );
}

/** Everything that wgkex-tunnel may change, as text. */
async function readMachine(): Promise<string[]> {
  const commands = [
    ['ip', '-j', 'link'],
    ['ip', '-j', 'addr'],
    ['ip', '-j', '-4', 'route', 'show', 'table', 'all'],
    ['ip', '-j', '-6', 'route', 'show', 'table', 'all'],
    ['ip', '-j', '-4', 'rule'],
    ['ip', '-j', '-6', 'rule'],
    // With wireguard-go, "all" are those of other machines of the lab, too.
    ...['public-key', 'peers', 'endpoints', 'allowed-ips', 'fwmark'].map((what) => ['wg', 'show', DEVICE, what]),
    ['cat', '/etc/resolv.conf'],
  ];
  const seen: string[] = [];
  for (const [program = '', ...args] of commands) seen.push(`${args.join(' ')}: ${await shIn(HOME, program, ...args)}`);
  return [...seen, ...(await readFiles())];
}

/** Of root's; a lock has no content. */
async function readFiles(): Promise<string[]> {
  const names = (await readdir(CLIENT_DIRECTORY)).filter((name) => !name.endsWith('.lock')).sort();
  const files = await Promise.all(
    names.map(async (name) => (await readdir(`${CLIENT_DIRECTORY}/${name}`)).sort().map((file) => `${name}/${file}`)),
  );
  const paths = [
    ...files.flat().map((file) => `${CLIENT_DIRECTORY}/${file}`),
    ...[UP, DOWN].map((name) => `/etc/wgkex-client/${name}.toml`),
  ];
  return Promise.all(
    paths.map(async (path) => {
      const { mode, uid, mtimeMs, ino } = await stat(path);
      return `${path} ${mode} ${uid} ${mtimeMs} ${ino} ${await readFile(path, 'utf8')}`;
    }),
  );
}

/** Runs an attack, after which everything must be as before. */
async function requireUntouched<T>(attack: () => Promise<T>): Promise<T> {
  const machine = await readMachine();
  const result = await attack();
  assert.deepEqual(await readMachine(), machine);
  return result;
}

/** Each gets a fresh program, and resolves with what it passes on. */
type Attack = (wall: Wall, name: Name) => Promise<object>;

const PROOF = /^Cannot use the gateway's reply: its proof is wrong, or that of another ticket$/;
const NO_TICKET = /^Cannot use a reply: no ticket is open, as each is good for one reply$/;
const config = (change: (text: string) => string): Attack => {
  return (wall, name) => lie(wall, name, change);
};
const choice = (fields: () => object): Attack => {
  return async (wall, name) => ({ ...(await exchange(name, await wall.ticket())), ...fields() });
};
const goesTo = (address: string, via = 'udp') => choice(() => ({ via, endpoint: { address, port: 51_820 } }));
const routes = (networks: string) => config((text) => text.replace(/^AllowedIPs = .*$/m, `AllowedIPs = ${networks}`));

const ATTACKS: readonly (readonly [what: string, attack: Attack, reason: RegExp])[] = [
  [
    'a reply without a ticket',
    async (_, name) => {
      const other = await Wall.open(name);
      const reply = await exchange(name, await other.ticket());
      await other.close();
      return reply;
    },
    NO_TICKET,
  ],
  [
    'a reply to a ticket of another process',
    async (wall, name) => {
      const other = await Wall.open(name);
      const reply = await exchange(name, await other.ticket());
      await other.close();
      await wall.ticket();
      return reply;
    },
    PROOF,
  ],
  [
    'a reply to the ticket before the latest one',
    async (wall, name) => {
      const reply = await exchange(name, await wall.ticket());
      await wall.ticket();
      return reply;
    },
    PROOF,
  ],
  [
    'a reply after a forged one to the same ticket',
    async (wall, name) => {
      const reply = await exchange(name, await wall.ticket());
      assert.match((await wall.ask('up', { ...reply, proof: 'A'.repeat(43) })).refused ?? '', PROOF);
      return reply;
    },
    NO_TICKET,
  ],
  [
    'the reply to another tunnel',
    async (wall, name) => {
      const another = name === UP ? DOWN : UP;
      const other = await Wall.open(another);
      const reply = await exchange(another, await other.ticket());
      await other.close();
      await wall.ticket();
      return reply;
    },
    PROOF,
  ],
  ['a proof of its own', choice(() => ({ proof: 'A'.repeat(43) })), PROOF],
  [
    'a proof by another lease',
    async (wall, name) => {
      const ticket = await wall.ticket();
      const reply = await exchange(name, ticket);
      return { ...reply, proof: sign(ticket, makeTicket(), reply.config) };
    },
    PROOF,
  ],
  ['another configuration under the gateway’s proof', choice(() => ({ config: 'QUJD' })), PROOF],
  [
    'a gateway that root’s file does not name',
    choice(() => ({ gateway: '192.0.2.1:10012' })),
    /^Cannot use gateway "192\.0\.2\.1:10012"/,
  ],
  ['loopback without a relay', goesTo('127.0.0.1'), /^Cannot send to 127\.0\.0\.1: it is loopback/],
  ['loopback of IPv6', goesTo('::1'), /^Cannot send to ::1: it is loopback/],
  ['no address', goesTo('0.0.0.0'), /it is unspecified/],
  ['multicast', goesTo('ff02::1'), /it is multicast/],
  ['link-local', goesTo('169.254.169.254'), /it is link-local/],
  ['a relay on another machine', goesTo('192.0.2.1', 'tcp'), /relay's client listens on 127\.0\.0\.1/],
  ['a relay on another loopback address', goesTo('127.0.0.2', 'tcp'), /relay's client listens on 127\.0\.0\.1/],
  ['a configuration with PostUp', config((text) => text.replace('[Peer]', 'PostUp = id\n[Peer]')), /PostUp/],
  ['a configuration in two parts', config((text) => `${text}${text}`), /^Cannot use the gateway's configuration/],
  ['an empty configuration', config(() => '\n'), /^Cannot use the gateway's configuration/],
  ['binary rubbish', config(() => '\0\u0001\u001b[2J'), /^Cannot use the gateway's configuration/],
  ['a default route', routes('0.0.0.0/0'), /^Cannot use the gateway's configuration: .*0\.0\.0\.0\/0/],
  ['two halves of everything', routes('0.0.0.0/1, 128.0.0.0/1'), /^Cannot use the gateway's configuration: /],
  ['a route over the network here', routes(`10.${NUMBER}.0.0/24`), new RegExp(`10\\.${NUMBER}\\.0\\.0/24.*uplink`)],
  ['a route over the gateway itself', routes(`10.${NUMBER}.0.1/32`), new RegExp(`10\\.${NUMBER}\\.0\\.1`)],
  ['a route over loopback', routes('127.0.0.0/8'), /127\.0\.0\.0\/8/],
];

describe('a captured wgkex-join gets a refusal, in the journal, too, and the machine is untouched by', () => {
  for (const name of [UP, DOWN])
    for (const [what, attack, reason] of ATTACKS)
      test(`${what}, where the tunnel is ${name === UP ? 'up' : 'down'}`, async () => {
        const refused = await requireUntouched(async () => {
          const wall = await Wall.open(name);
          const reply = await wall.ask('up', await attack(wall, name));
          assert.equal(await wall.close(), 0);
          assert.match(wall.child.stderr, /"msg":"configuration refused"/);
          return reply.refused;
        });
        assert.match(refused ?? 'nothing', reason);
        assert.doesNotMatch(refused ?? '', /\n/);
      });

  test('a right reply that comes twice', async () => {
    const wall = await Wall.open(UP);
    const reply = await exchange(UP, await wall.ticket());
    assert.equal((await wall.ask('up', reply)).refused, undefined);
    await requireUntouched(async () => assert.match((await wall.ask('up', reply)).refused ?? '', NO_TICKET));
    await wall.close();
  });
});

/** Every form of a message that is not a request, and what a captured program would like to do by it. */
const REPLY = { gateway: 'g', config: 'QUJD', proof: 'A'.repeat(43), via: 'udp' };
const ENDPOINT = { address: '192.0.2.1', port: 1 };
const LINES: readonly (readonly [what: string, line: string | Buffer, reason: RegExp])[] = [
  ['words', 'ip link delete uplink', /not JSON/],
  ['zero bytes', Buffer.alloc(64), /not JSON/],
  ['bytes that are not UTF-8', Buffer.from([0xff, 0xfe, 0x00]), /not JSON/],
  ['a number', '7', /unexpected/],
  ['null', 'null', /unexpected/],
  ['an unknown type', '{"type":"run","id":1,"command":"id"}', /unexpected/],
  ['a type of JavaScript', '{"type":"__proto__","id":1}', /unexpected/],
  ['a prototype', '{"type":"look","id":1,"__proto__":{"name":"x"}}', /unexpected/],
  ['a second name', '{"type":"begin","name":"wall-up"}', /unexpected/],
  ['a path as a name', '{"type":"down","id":1,"name":"../../etc"}', /unexpected/],
  ['a number that is text', '{"type":"look","id":"1"}', /unexpected/],
  ['a huge number', '{"type":"look","id":1e300}', /unexpected/],
  ['no endpoint', JSON.stringify({ type: 'up', id: 1, ...REPLY }), /unexpected/],
  ['a path as an endpoint', JSON.stringify({ type: 'up', id: 1, ...REPLY, endpoint: '/dev/null' }), /unexpected/],
  [
    'a name as an endpoint',
    JSON.stringify({ type: 'up', id: 1, ...REPLY, endpoint: { ...ENDPOINT, address: 'localhost' } }),
    /unexpected/,
  ],
  [
    'a zone in an endpoint',
    JSON.stringify({ type: 'up', id: 1, ...REPLY, endpoint: { ...ENDPOINT, address: 'fe80::1%uplink' } }),
    /unexpected/,
  ],
  [
    'a configuration that is too long',
    JSON.stringify({ type: 'up', id: 1, ...REPLY, endpoint: ENDPOINT, config: 'A'.repeat(2001) }),
    /unexpected/,
  ],
  ['a line of 5 kB', `{"type":"look","id":1${' '.repeat(5000)}}`, /more than 4096 bytes/],
  ['a line of 10 MB', 'A'.repeat(10_000_000), /more than 4096 bytes/],
];
const NAMES = ['../../etc', '/etc', 'wall-up/../wall-down', '.', '', 'x'.repeat(13), 'wall-up\0', 'WALL-UP', 'status'];

describe('a captured wgkex-join ends the helper, and nothing else, by', () => {
  for (const [what, line, reason] of LINES)
    test(what, async () => {
      await requireUntouched(async () => {
        const wall = await Wall.open(UP);
        wall.child.child.stdin?.write(line);
        wall.write('\n{"type":"down","id":2}\n');
        await eventually('wgkex-tunnel ends', () => wall.child.hasEnded);
        assert.equal(wall.child.child.exitCode, 1);
        requireLastWords(wall, reason);
      });
    });

  for (const name of NAMES)
    test(`the name ${JSON.stringify(name)}`, async () => {
      await requireUntouched(async () => {
        const wall = new Wall();
        wall.write(`${JSON.stringify({ type: 'begin', name })}\n{"type":"down","id":1}\n`);
        await eventually('wgkex-tunnel ends', () => wall.child.hasEnded);
        assert.equal(wall.child.child.exitCode, 1);
        requireLastWords(wall, /^Cannot read the first line: unexpected name$/);
      });
    });

  test('a request before a name', async () => {
    await requireUntouched(async () => {
      const wall = new Wall();
      wall.write('{"type":"down","id":1}\n');
      await eventually('wgkex-tunnel ends', () => wall.child.hasEnded);
      requireLastWords(wall, /^Cannot read the first line/);
    });
  });

  test('the end of its input', async () => {
    await requireUntouched(async () => {
      const wall = await Wall.open(UP);
      wall.write('{"type":"do');
      assert.equal(await wall.close(), 1);
      requireLastWords(wall, /in the middle of a line/);
    });
    assert.ok(await ping('10.66.0.1'));
  });
});

/** One line of the log says why it ended; nothing was answered. */
function requireLastWords({ child }: Wall, reason: RegExp): void {
  assert.equal(child.stdout, '{"type":"ready"}\n');
  const [line, ...others] = child.stderr.trimEnd().split('\n');
  assert.deepEqual(others, []);
  const { msg, reason: said } = JSON.parse(line ?? '');
  assert.equal(msg, 'tunnel helper ended');
  assert.match(said, reason);
}

describe('a captured wgkex-join', () => {
  test('that asks 10,000 times at once gets each answer in order, and takes no memory', async () => {
    await requireUntouched(async () => {
      const wall = await Wall.open(DOWN);
      const forged = { ...REPLY, gateway: gatewayName, endpoint: ENDPOINT };
      const types = Array.from({ length: MANY }, (_, index) => {
        if (index % 500 === 0) return 'down';
        if (index % 100 === 0) return 'look';
        return index % 2 === 0 ? 'ticket' : 'up';
      });
      const lines = types.map((type, index) =>
        JSON.stringify({ type, id: index + 1, ...(type === 'up' ? forged : {}) }),
      );
      wall.write(`${lines.join('\n')}\n`);
      const replies = (await wall.read(MANY + 1, MANY_SECONDS)).slice(1);
      assert.deepEqual(
        replies.map(({ type, id }) => `${type} ${id}`),
        types.map((type, index) => `${type} ${index + 1}`),
      );
      for (const { type, refused } of replies) {
        if (type === 'up') assert.match(refused ?? '', /its proof is wrong|no ticket is open/);
        else assert.equal(refused, undefined);
      }
      assert.ok((await readPeak(wall)) < MOST_KILOBYTES, `${await readPeak(wall)} kB`);
      assert.equal(await wall.close(), 0);
      assert.ok(wall.child.stderr.split('\n').length < 20, wall.child.stderr);
    });
  });

  test('that does not read its answers is not served further, and takes no memory', async () => {
    await requireUntouched(async () => {
      const wall = new Wall();
      wall.child.child.stdout?.pause();
      wall.write(`{"type":"begin","name":"${DOWN}"}\n`);
      for (let id = 1; id <= MANY; id++) wall.write(`{"type":"ticket","id":${id}}\n`);
      let last = -1;
      await eventually('it waits', async () => {
        const used = await readTime(wall);
        const isSame = used === last;
        last = used;
        await new Promise((resolve) => setTimeout(resolve, 500));
        return isSame && used > 0;
      });
      assert.ok((await readPeak(wall)) < MOST_KILOBYTES);
      wall.child.child.stdout?.resume();
      await wall.read(MANY + 1, MANY_SECONDS);
      assert.ok((await readTime(wall)) > last);
      assert.equal(await wall.close(), 0);
    });
  });

  test('cannot stop the helper by a signal', async () => {
    await requireUntouched(async () => {
      const wall = await Wall.open(UP);
      for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGTSTP'] as const)
        wall.child.child.kill(signal);
      assert.equal((await wall.ask('look')).look?.['isUp'], true);
      assert.equal(await wall.close(), 0);
    });
  });

  test('does not bring its environment along', async () => {
    const [script, proof] = ['/run/wall-evil.js', '/run/wall-evil'];
    await writeFile(script, `require('fs').writeFileSync('${proof}', '')`);
    await chmod(script, 0o755);
    const words = [`NODE_OPTIONS=--require=${script}`, 'PATH=/tmp', 'SERVICE_RESULT=success', 'HOME=/tmp'];
    await requireUntouched(async () => {
      const wall = await Wall.open(UP, ['/usr/bin/env', ...words]);
      assert.equal((await wall.ask('look')).look?.['isUp'], true);
      assert.equal(await wall.close(), 0);
    });
    await assert.rejects(stat(proof), /ENOENT/);
  });
});

describe('the end of the service', () => {
  test('that starts again leaves the tunnel; the end for good takes it down', async () => {
    const wall = await Wall.open(DOWN);
    assert.equal((await wall.ask('up', await exchange(DOWN, await wall.ticket()))).look?.['isUp'], true);
    await wall.close();
    const device = deriveInterface(DOWN);
    await requireUntouched(() => shIn(HOME, TUNNEL, '--down', DOWN, '--result', 'signal', '--status', 'KILL'));
    await shIn(HOME, 'ip', 'link', 'show', device);
    await shIn(HOME, TUNNEL, '--down', DOWN, '--result', 'success', '--status', '0');
    await assert.rejects(shIn(HOME, 'ip', 'link', 'show', device), /does not exist/);
    await requireUntouched(() => shIn(HOME, TUNNEL, '--down', DOWN));
    assert.ok(await ping('10.66.0.1'));
  });
});

/** The most memory that it has used, in kB. */
async function readPeak({ child }: Wall): Promise<number> {
  const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
  return Number(status.match(/^VmHWM:\s+(\d+) kB$/m)?.[1]);
}

/** The processor time that it has used, in hundredths of a second. */
async function readTime({ child }: Wall): Promise<number> {
  const words = (await readFile(`/proc/${child.pid}/stat`, 'utf8')).replace(/^.*\) /, '').split(' ');
  return Number(words[11]) + Number(words[12]);
}
