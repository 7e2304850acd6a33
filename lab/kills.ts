import { readFile } from 'node:fs/promises';
import { eventually, sh } from './commands.ts';
import { faultsOf, liftCurses, orderFault, type Site } from './fakes.ts';
import type { Gateway } from './gateway.ts';

/** Something that wgkex does. These words, for strace(1), go in front of the command that starts or attaches to it. */
export type Action<T> = (strace: readonly string[]) => Promise<T>;

/** A moment between two effects of an action. */
export interface Moment {
  readonly name: string;
  /** Repeats the action, and kills the victim at this moment. */
  strike<T>(action: Action<T>): Promise<T>;
}

/** With KILLS=all in the environment each moment is tried, which takes minutes; else some, and chance decides which. */
const TRIES_ALL_KILLS = process.env['KILLS'] === 'all';

/** Every `oneIn`-th moment, or all of them. */
export function chooseMoments(moments: readonly Moment[], oneIn: number): readonly Moment[] {
  const first = Math.floor(Math.random() * Math.min(oneIn, moments.length));
  return TRIES_ALL_KILLS ? moments : moments.filter((_, index) => index % oneIn === first);
}

/** The process to kill: the program that was called, or else its caller, the handler or the cleanup. */
export type Victim = 'program' | 'caller';

/** The system calls by which the handler and the cleanup change files, and by which the handler replies. */
const WRITES = ['openat', 'write', 'ftruncate', 'fsync', 'link', 'unlink', 'rename'];

/**
 * Lets an action run once, unharmed, and finds the moments before and after each effect of the programs that it calls:
 * around two calls, two peers of one `wg set`, two lines of a batch or of SQL.
 */
export async function findProgramMoments(site: Site, victim: Victim, action: Action<unknown>): Promise<Moment[]> {
  const { calls } = await order(site, 'nobody 0 0 nobody', () => action([]));
  return calls.flatMap(({ program, number, effects, words }) => {
    return Array.from({ length: effects + 1 }, (_, done) => ({
      name: `${words}, with ${done} of ${effects} done`,
      strike: async <T>(again: Action<T>) => {
        const { result, calls: made } = await order(site, `${program} ${number} ${done} ${victim}`, () => again([]));
        if (!made.some((call) => call.program === program && call.number === number))
          throw new Error(`Nobody was killed: ${made.length} programs were called`);
        return result;
      },
    }));
  });
}

/**
 * The same for what the caller itself does with its record, its state and the claims, and with its replies if the action
 * has their file traced.
 */
export async function findWriteMoments(gateway: Gateway, action: Action<unknown>): Promise<Moment[]> {
  const output = `/run/${gateway.namespace}.strace`;
  const files = [gateway.recordFile(), gateway.stateFile(), gateway.claimsFile(), gateway.overdueFile()];
  const paths = files.flatMap((file) => [file, `${file}.new`, `${file}.previous`]);
  const trace = ['strace', '-o', output, '-e', `trace=${WRITES}`, ...paths.flatMap((path) => ['-P', path])];
  await action(trace);
  const calls = [...(await readFile(output, 'utf8')).matchAll(/^([a-z]+)\(/gm)].map(([, call = '']) => call);
  return calls.map((call, index) => {
    const count = calls.slice(0, index + 1).filter((other) => other === call).length;
    return {
      name: `before its ${call} number ${count}`,
      strike: async <T>(again: Action<T>) => {
        const result = await again([...trace, '-e', `inject=${call}:signal=KILL:when=${count}`]);
        if (!(await readFile(output, 'utf8')).includes('killed by SIGKILL')) throw new Error('Nobody was killed');
        return result;
      },
    };
  });
}

interface Call {
  readonly program: string;
  /** Among those of the same program, from 1. */
  readonly number: number;
  /** How many peers it sets, how many lines its batch has: one at least. */
  readonly effects: number;
  readonly words: string;
}

/** Does something while the fakes count calls and kill their victim, see `lab/fake`. */
async function order<T>(site: Site, kill: string, action: () => Promise<T>) {
  await orderFault(site, 'kill', `${kill}\n`);
  await orderFault(site, 'calls', '');
  try {
    const result = await action();
    await eventually('what the victim had started has ended', async () => !(await hasOrphans(site)));
    return { result, calls: parseCalls(await readFile(`${faultsOf(site)}/calls`, 'utf8')) };
  } finally {
    await liftCurses(site);
  }
}

/** Programs outlive their caller while a test looks at the remains; their parent is then the first process. */
async function hasOrphans(site: Site): Promise<boolean> {
  const pids = (await sh('ip', 'netns', 'pids', site.namespace)).split('\n').filter((line) => line !== '');
  const states = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')));
  // wireguard-go stays in the background, as it should.
  return states.some((state) => /^PPid:\t1$/m.test(state) && !/^Name:\twireguard-go$/m.test(state));
}

function parseCalls(text: string): Call[] {
  const counts = new Map<string, number>();
  return [...text.matchAll(/^(\d+) ((\S+) \S+ [^ ;]+)/gm)].map(([, effects, words = '', program = '']) => {
    const number = (counts.get(program) ?? 0) + 1;
    counts.set(program, number);
    return { program, number, effects: Number(effects), words };
  });
}
