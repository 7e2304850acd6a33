import { CommanderError } from 'commander';
import { EXIT_FAILURE, EXIT_USAGE, exitWithUsageError } from '../command-line.ts';
import { describeError } from '../core/values/errors.ts';
import { escapeLine } from '../core/values/quote.ts';
import { complain, PROGRAM } from './commands/call.ts';
import { buildProgram } from './program.ts';

const REASON_CHARACTERS = 300;
/** Of commander: no command was given. */
const NO_COMMAND = 'commander.help';
/** The doctor runs this program as another user, as Node cannot change its own; no command of people's. */
const REACH = 'reach';

async function main(): Promise<void> {
  process.stdout.on('error', endWithReader);
  const program = buildProgram();
  const [word, server] = process.argv.slice(2);
  try {
    if (word === REACH && server !== undefined) await (await import('./commands/doctor/network.ts')).reach(server);
    else await program.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) endAsCommanderSays(error, program.helpInformation({ error: true }));
    else fail(error);
  }
  // The machine's resolver may still be asking for addresses, which is of no use to anybody now.
  process.stdout.write('', () => process.exit());
}

function endAsCommanderSays({ code, exitCode, message }: CommanderError, help: string): void {
  if (code === NO_COMMAND) {
    process.stderr.write(help);
    process.exit(EXIT_USAGE);
  }
  if (exitCode !== 0) exitWithUsageError(PROGRAM, escapeLine(shorten(message), REASON_CHARACTERS));
}

/** Where a value is wrong, commander quotes it and ends with the reason, which quotes it, too. */
function shorten(message: string): string {
  return message
    .replace(/^error: /, '')
    .replaceAll('\n', ' ')
    .replace(/^command-argument value '.*?' is invalid for argument '\w+'\. /, '')
    .replace(/^option '(--[a-z-]+) .*?' argument '.*?' is invalid\. /, '$1: ')
    .replace('. Expected', ': expected')
    .replace(/\.$/, '');
}

function fail(error: unknown): void {
  complain(describeError(error));
  process.exitCode = EXIT_FAILURE;
}

/** A reader such as head(1) may have seen enough. */
function endWithReader(error: NodeJS.ErrnoException): never {
  if (error.code === 'EPIPE') process.exit(0);
  fail(error);
  process.exit(EXIT_FAILURE);
}

void main();
