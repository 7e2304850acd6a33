/** What the files of a folder, or one file, may import besides one another. */
export interface ImportRule {
  /** A path in src; of several that fit a file the longest counts. */
  readonly who: string;
  /** Paths in src. */
  readonly from: readonly string[];
  /** Packages, and modules of Node. */
  readonly modules: readonly string[];
  readonly why: string;
}

export const IMPORT_RULES: readonly ImportRule[] = [
  {
    who: 'core',
    from: [],
    modules: ['node:crypto', 'zod', 'ip6addr'],
    why: 'It is pure: no I/O, no clock, no environment.',
  },
  {
    who: '',
    from: ['core'],
    modules: ['../package.json', 'node:fs', 'node:net', 'node:tty', 'node:util', 'pino', 'smol-toml', 'zod'],
    why: 'What every part uses knows none of the parts, and starts no program.',
  },
  {
    who: 'system',
    from: ['core', 'system/run/run.ts', 'config', 'log'],
    modules: ['node:crypto', 'node:fs', 'node:path', 'zod'],
    why: 'What every part uses knows none of the parts, and runs programs in one way.',
  },
  {
    who: 'system/run/run.ts',
    from: ['core'],
    modules: ['node:child_process', 'node:readline'],
    why: 'It alone starts programs as root: absolute paths, a fixed environment, a timeout.',
  },
  {
    who: 'listener',
    from: ['core', 'handler-client', 'config', 'log', 'command-line'],
    modules: ['../package.json', 'node:fs', 'node:http', 'node:net', 'prom-client'],
    why: 'A stranger may take it over: it shares nothing with root but the core, and starts no program.',
  },
  {
    who: 'handler-client',
    from: ['core', 'log', 'command-line'],
    modules: ['node:child_process', 'node:stream'],
    why: 'It starts the handler, by sudo, and nothing else.',
  },
  {
    who: 'handler',
    from: ['core', 'system', 'config', 'log', 'command-line'],
    modules: ['node:stream'],
    why: 'It trusts nothing of the listener, and the cleanup is a program of its own.',
  },
  {
    who: 'cleanup',
    from: ['core', 'system', 'config', 'log', 'command-line'],
    modules: [],
    why: 'It is a program of its own.',
  },
  {
    who: 'cli',
    from: ['core', 'system', 'config', 'log', 'command-line'],
    modules: [
      ...[
        '../package.json',
        'node:crypto',
        'node:events',
        'node:fs',
        'node:net',
        'node:os',
        'node:path',
        'node:timers/promises',
      ],
      ...['node:util', 'commander', 'picocolors', 'signal-exit'],
    ],
    why: 'The operator’s command is a program of its own.',
  },
];
