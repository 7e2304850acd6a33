import { type ChildProcess, type ExecFileException, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';

// Node's own: tests run thousands of programs, and by execa each takes twice as long.
const run = promisify(execFile);
const OPTIONS = { maxBuffer: Number.POSITIVE_INFINITY };

/** Runs a program and returns what it printed, without the end of its last line; rejects if it fails. */
export async function sh(program: string, ...args: string[]): Promise<string> {
  return chomp((await run(program, args, OPTIONS)).stdout);
}

/** {@link sh} inside a network namespace. */
export function shIn(namespace: string, program: string, ...args: string[]): Promise<string> {
  return sh('ip', 'netns', 'exec', namespace, program, ...args);
}

/** Runs several commands of ip(8) by one process, in a network namespace if it is named; rejects at the first that fails. */
export async function ipBatch(namespace: string | undefined, ...commands: readonly string[]): Promise<void> {
  const where = namespace === undefined ? [] : ['-n', namespace];
  const running = run('ip', [...where, '-batch', '-'], OPTIONS);
  running.child.stdin?.end(commands.join('\n'));
  await running;
}

/** How a program ended, and what it printed. */
export interface Outcome {
  /** Undefined after a signal. */
  readonly exitCode: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program in a network namespace to its end, whether it succeeds or fails. */
export function attempt(namespace: string, program: string, args: readonly string[], input = ''): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const words = ['netns', 'exec', namespace, program, ...args];
    const child = execFile('ip', words, OPTIONS, (error: ExecFileException | null, stdout, stderr) => {
      // A program that could not be started has the name of the error as its code.
      if (typeof error?.code === 'string') return reject(error);
      const { exitCode, signalCode } = child;
      const ended = { exitCode: exitCode ?? undefined, signal: signalCode ?? undefined };
      resolve({ ...ended, stdout: chomp(stdout), stderr: chomp(stderr) });
    });
    // Not everyone reads to the end.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}

function chomp(text: string): string {
  return text.replace(/\n$/, '');
}

/** A process that a test started and will end. */
export class Background {
  readonly child: ChildProcess;
  /** Everything that it printed on standard error, and on standard output. */
  stderr = '';
  stdout = '';

  constructor(program: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env) {
    this.child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], env });
    this.child.stderr?.on('data', (chunk) => {
      this.stderr += chunk;
    });
    this.child.stdout?.on('data', (chunk) => {
      this.stdout += chunk;
    });
    this.child.stdin?.on('error', () => {});
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error('The process could not be started');
    return this.child.pid;
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Ends it by its own process id, and waits until it is gone. Returns its exit status, null after a signal. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (!this.hasEnded) {
      const exited = once(this.child, 'exit');
      this.child.kill(signal);
      await exited;
    }
    return this.child.exitCode;
  }
}

/** Starts a program inside a network namespace, which a test will end. */
export function startIn(namespace: string, ...words: string[]): Background {
  return new Background('ip', ['netns', 'exec', namespace, ...words]);
}

/** For conditions that never hold: a busy machine needs time. */
const PATIENCE_SECONDS = 60;

/** Waits until `condition` holds; throws with `what` after `seconds`. */
export async function eventually(
  what: string,
  condition: () => Promise<boolean> | boolean,
  seconds = PATIENCE_SECONDS,
): Promise<void> {
  const start = performance.now();
  while (!(await condition())) {
    const waited = performance.now() - start;
    if (waited > seconds * 1000) throw new Error(`It did not come to be within ${seconds} s: ${what}`);
    // Most conditions start a program: slow ones are checked less often.
    await pause(Math.min(Math.max(waited / 5, 20), 250));
  }
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
