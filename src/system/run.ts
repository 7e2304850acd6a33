import { ExecaError, execa } from 'execa';
import { escapeLine } from '../core/printable.ts';

/** Every program that root runs, where Debian installs it. */
const PROGRAMS = {
  wg: '/usr/bin/wg',
  bridge: '/usr/sbin/bridge',
  ip: '/usr/sbin/ip',
  flock: '/usr/bin/flock',
  setpriv: '/usr/bin/setpriv',
} as const;
export type Program = keyof typeof PROGRAMS;

export interface RunOptions {
  /** Text for the program's standard input. */
  readonly input?: string;
  /** An open file that is the program's standard input instead. */
  readonly stdin?: number;
}

/** A program that could not be run to a good end. */
export class ProgramError extends Error {
  override name = 'ProgramError';
  /** Undefined where the program did not end by itself. */
  readonly exitCode: number | undefined;

  constructor(message: string, exitCode: number | undefined, cause: unknown) {
    super(message, { cause });
    this.exitCode = exitCode;
  }
}

/** True where a program did not end in time: another call might take as long. */
export function hasHung(error: unknown): boolean {
  return error instanceof ProgramError && error.cause instanceof ExecaError && error.cause.timedOut;
}

/** Nothing is inherited: a caller's PATH or LD_PRELOAD must not choose what root runs. */
const ENVIRONMENT = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8' };

/** The kernel answers in milliseconds, also for some hundred peers at once. */
const TIMEOUT_SECONDS = 5;
/** A dump of 100,000 peers is about 16 MB. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
const SHOWN_ERROR_CHARACTERS = 200;
const SHOWN_ARGUMENTS = 3;

/**
 * Runs a program to its end and returns its standard output.
 * @throws ProgramError for an exit status other than 0, and after 5 seconds.
 */
export async function run(program: Program, args: readonly string[], options: RunOptions = {}): Promise<string> {
  try {
    const result = await execa(PROGRAMS[program], args, {
      ...buildStdin(options),
      env: ENVIRONMENT,
      extendEnv: false,
      cwd: '/',
      timeout: TIMEOUT_SECONDS * 1000,
      killSignal: 'SIGKILL',
      maxBuffer: MAX_OUTPUT_BYTES,
      stripFinalNewline: false,
    });
    return result.stdout;
  } catch (error) {
    if (!(error instanceof ExecaError)) throw error;
    throw new ProgramError(describeFailure(program, args, error), error.exitCode, error);
  }
}

/** A program that runs along, and what it prints. */
export interface Following {
  /** Resolves with why it ended. */
  readonly ended: Promise<string>;
  stop(): void;
}

/** Starts a program and tells `onLine` every line that it prints. It ends with this process, however that ends. */
export function follow(program: Program, args: readonly string[], onLine: (line: string) => void): Following {
  const child = execa(PROGRAMS.setpriv, ['--pdeathsig', 'KILL', PROGRAMS[program], ...args], {
    stdin: 'ignore',
    env: ENVIRONMENT,
    extendEnv: false,
    cwd: '/',
    buffer: false,
    reject: false,
  });
  const read = async () => {
    for await (const line of child) onLine(line);
  };
  const ended = Promise.all([child, read().catch(() => {})]).then(
    ([{ originalMessage, signal, exitCode }]) =>
      originalMessage ?? (signal ? `ended by ${signal}` : `exit status ${exitCode}`),
  );
  return { ended, stop: () => void child.kill('SIGKILL') };
}

/** execa hands every descriptor on, but its types know those up to 9 only. */
function buildStdin({ input, stdin }: RunOptions): { input: string } | { stdin: 'ignore' | 3 } {
  if (input !== undefined) return { input };
  return { stdin: (stdin ?? 'ignore') as 'ignore' | 3 };
}

function describeFailure(program: Program, args: readonly string[], error: ExecaError): string {
  const shown = args.slice(0, SHOWN_ARGUMENTS).join(' ') + (args.length > SHOWN_ARGUMENTS ? ' …' : '');
  return `Cannot run ${program} ${shown}: ${escapeLine(describeEnd(error), SHOWN_ERROR_CHARACTERS)}`;
}

function describeEnd(error: ExecaError): string {
  if (error.timedOut) return `no end after ${TIMEOUT_SECONDS} s`;
  if (error.signal !== undefined) return `ended by ${error.signal}`;
  const said = String(error.stderr ?? '').trim();
  if (said !== '') return said.replaceAll('\n', '; ');
  return error.exitCode === undefined ? (error.originalMessage ?? error.shortMessage) : `exit status ${error.exitCode}`;
}
