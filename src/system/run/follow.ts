import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { describeEnd } from './program-error.ts';
import { PROGRAMS, type Program, SURROUNDINGS } from './programs.ts';

/** A program that runs in the background, whose output is followed. */
export interface Following {
  /** Resolves with why it ended. */
  readonly ended: Promise<string>;
  stop(): void;
}

/** Starts a program and calls `onLine` with every line that it prints. It ends with this process, in any case. */
export function follow(program: Program, args: readonly string[], onLine: (line: string) => void): Following {
  const command = ['--pdeathsig', 'KILL', PROGRAMS[program], ...args];
  const child = spawn(PROGRAMS.setpriv, command, { ...SURROUNDINGS, stdio: ['ignore', 'pipe', 'ignore'] });
  // Without a free descriptor Node creates no pipe, and emits an error.
  if (child.stdout) createInterface({ input: child.stdout }).on('line', onLine);
  const ended = new Promise<string>((resolve) => {
    child.on('error', ({ message }) => resolve(message));
    child.on('close', (code, signal) => resolve(describeEnd(code, signal)));
  });
  return { ended, stop: () => void child.kill('SIGKILL') };
}
