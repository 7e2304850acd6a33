import type { Command } from 'commander';
import { EXIT_FAILURE } from '../command-line.ts';
import type { Run } from './terminal/call.ts';

/** Options common to commands that change something. */
export function addEditOptions(command: Command): Command {
  return command.option('--dry-run', 'show what would be done, and change nothing');
}

/** Loads the code of a command when it is called. */
export function lazily(load: () => Promise<{ readonly run: Run<never> }>) {
  return async (...given: readonly unknown[]): Promise<void> => {
    const command = given.at(-1) as Command;
    const { run } = await load();
    const isGood = await run({ args: command.args, options: command.optsWithGlobals<never>() });
    if (!isGood) process.exitCode = EXIT_FAILURE;
  };
}
