import { execFile, spawn } from 'node:child_process';
import { escapeLine } from '../../core/values/quote.ts';
import { describeEnd, HangError, ProgramError } from './program-error.ts';
import { PROGRAMS, type Program, SURROUNDINGS } from './programs.ts';

/** The kernel answers in milliseconds, also for some hundred peers at once. */
const TIMEOUT_SECONDS = 5;
/** For programs that ask a service, which may have to start, or search a journal; nothing else waits for them. */
const PATIENCE_SECONDS = 30;
const PATIENT: readonly Program[] = [
  ...(['systemctl', 'journalctl', 'systemd-cat', 'timedatectl', 'getent', 'setpriv', 'wgkex-cleanup', 'ssh'] as const),
  ...(['resolvectl', 'resolvconf'] as const),
];
/** A dump of 100,000 peers is about 16 MB. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
/** A timer may fire this much earlier. */
const TIMER_MILLISECONDS = 2;
const SHOWN_ERROR_CHARACTERS = 200;
const SHOWN_ARGUMENTS = 3;

function timeoutOf(program: Program): number {
  return PATIENT.includes(program) ? PATIENCE_SECONDS : TIMEOUT_SECONDS;
}

function limitsOf(program: Program) {
  return { timeout: timeoutOf(program) * 1000, killSignal: 'SIGKILL', maxBuffer: MAX_OUTPUT_BYTES } as const;
}

/**
 * Runs a program to its end with `input` as its standard input, and returns its standard output.
 * @throws ProgramError for an exit status other than 0, after 5 seconds (30 for programs that only operators wait for),
 * and beyond 64 MB of output.
 */
export function run(program: Program, args: readonly string[], input = ''): Promise<string> {
  return settle(program, args, (done) => execute(program, [PROGRAMS[program], ...args], input, done));
}

/** Passes on the line that it reads, by a pipe; the program takes the place of the shell. */
const PIPE_SCRIPT = 'read -r line; exec "$@" <<END\n$line\nEND\n';

/**
 * Runs a program that opens `/dev/stdin` by its name, with one line in it: its standard input as {@link run} makes it is
 * a socket, which nobody can open.
 * @throws ProgramError as {@link run}.
 */
export function runWithLine(program: Program, args: readonly string[], line: string): Promise<string> {
  const command = [PROGRAMS.sh, '-c', PIPE_SCRIPT, 'sh', PROGRAMS[program], ...args] as const;
  return settle(program, args, (done) => execute(program, command, `${line}\n`, done));
}

/** When the time is up, Node discards unread output; if the program has exited with 0, it reports a success. */
function execute(program: Program, command: readonly [string, ...string[]], input: string, done: Done): void {
  const [path, ...args] = command;
  const end = performance.now() + timeoutOf(program) * 1000 - TIMER_MILLISECONDS;
  const child = execFile(path, args, { ...SURROUNDINGS, ...limitsOf(program) }, (error, ...output) => {
    const isLate = error === null && performance.now() >= end;
    done(isLate ? Object.assign(new Error(), { killed: true, signal: 'SIGKILL' as const }) : error, ...output);
  });
  // The program may end before it has read everything; its end says why.
  child.stdin?.on('error', () => {}).end(input);
}

/** Runs a program with an open file as its standard input; ignores its output. @throws ProgramError as {@link run}. */
export async function runOn(file: number, program: Program, args: readonly string[]): Promise<void> {
  await settle(program, args, (done) => {
    const child = spawn(PROGRAMS[program], args, {
      ...SURROUNDINGS,
      ...limitsOf(program),
      stdio: [file, 'ignore', 'ignore'],
    });
    child.on('error', (error) => done(error));
    child.on('close', (code, signal) => {
      const failure = Object.assign(new Error(describeEnd(code, signal)), { code, signal, killed: child.killed });
      done(code === 0 ? null : failure);
    });
  });
}

type Done = (error: Failure | null, stdout?: string, stderr?: string) => void;
/** As Node describes it. */
interface Failure extends Error {
  /** A number is an exit status, a word says why the program was not started or was stopped. */
  readonly code?: unknown;
  readonly path?: string | undefined;
  readonly signal?: NodeJS.Signals | null | undefined;
  readonly killed?: boolean | undefined;
}

function settle(program: Program, args: readonly string[], start: (done: Done) => void): Promise<string> {
  return new Promise<string>((resolve, reject) => {
    start((error, stdout = '', stderr = '') =>
      error === null ? resolve(stdout) : reject(Object.assign(error, { stderr })),
    );
  }).catch((error) => {
    throw explainFailure(program, args, error);
  });
}

function describeCall(program: Program, args: readonly string[]): string {
  const shown = args.slice(0, SHOWN_ARGUMENTS).join(' ') + (args.length > SHOWN_ARGUMENTS ? ' …' : '');
  return `Cannot run ${program} ${shown}`;
}

function explainFailure(
  program: Program,
  args: readonly string[],
  error: Failure & { readonly stderr?: string },
): ProgramError {
  const call = describeCall(program, args);
  const { code, signal, killed, stderr = '' } = error;
  if (killed && signal) return new HangError(`${call}: timed out after ${timeoutOf(program)} s`, undefined, error);
  if (signal) return new ProgramError(`${call}: ${describeEnd(code, signal)}`, undefined, error);
  if (code === 'ENOENT') return new ProgramError(`${call}: there is no ${error.path}`, undefined, error);
  if (typeof code !== 'number') return new ProgramError(`${call}: ${error.message}`, undefined, error);
  const said = stderr.trim().replaceAll('\n', '; ');
  const reason = said === '' ? describeEnd(code, signal) : escapeLine(said, SHOWN_ERROR_CHARACTERS);
  return new ProgramError(`${call}: ${reason}`, code, error);
}
