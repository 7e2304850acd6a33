import { CommanderError } from 'commander';
import { EXIT_FAILURE, exitWithUsageError } from '../command-line.ts';
import { escapeLine } from '../core/printable.ts';
import { describeError } from '../errors.ts';
import { PROGRAM } from './call.ts';
import { buildProgram } from './program.ts';
import { complain } from './rendering/print.ts';

const REASON_CHARACTERS = 300;
/** Of commander: no command was given, for which it would print the whole help. */
const NO_COMMAND = 'commander.help';

async function main(): Promise<void> {
  process.stdout.on('error', endWithReader);
  try {
    await buildProgram().parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) endAsCommanderSays(error);
    else fail(error);
  }
}

function endAsCommanderSays({ code, exitCode, message }: CommanderError): void {
  if (code === NO_COMMAND) exitWithUsageError(PROGRAM, 'expected a command');
  const reason = message.replace(/^error: /, '').replaceAll('\n', ' ');
  if (exitCode !== 0) exitWithUsageError(PROGRAM, escapeLine(reason, REASON_CHARACTERS));
}

function fail(error: unknown): void {
  complain(describeError(error));
  process.exitCode = EXIT_FAILURE;
}

/** Who reads along, such as head(1), may have seen enough. */
function endWithReader(error: NodeJS.ErrnoException): never {
  if (error.code === 'EPIPE') process.exit(0);
  complain(describeError(error));
  process.exit(EXIT_FAILURE);
}

void main();
