import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { execa } from 'execa';

/** Runs a program and returns what it printed; rejects where it fails. */
export async function sh(program: string, ...args: string[]): Promise<string> {
  return (await execa(program, args)).stdout;
}

/** {@link sh} inside a network namespace. */
export function shIn(namespace: string, program: string, ...args: string[]): Promise<string> {
  return sh('ip', 'netns', 'exec', namespace, program, ...args);
}

/** Runs a program to its end, whatever that is. */
export async function attempt(namespace: string, program: string, args: readonly string[], input = '') {
  const { exitCode, stdout, stderr, signal } = await execa('ip', ['netns', 'exec', namespace, program, ...args], {
    reject: false,
    input,
  });
  return { exitCode, signal, stdout, stderr };
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

/** For what hangs: a machine with a hundred other things to do takes its time. */
const PATIENCE_SECONDS = 60;

/** Waits until `condition` holds; throws with `what` after `seconds`. */
export async function eventually(
  what: string,
  condition: () => Promise<boolean> | boolean,
  seconds = PATIENCE_SECONDS,
): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`It did not come to be within ${seconds} s: ${what}`);
    await pause(50);
  }
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
