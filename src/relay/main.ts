import { CommanderError } from 'commander';
import { EXIT_FAILURE, EXIT_USAGE, exitWithUsageError } from '../command-line.ts';
import { InputError } from '../core/values/errors.ts';
import { escapeLine } from '../core/values/quote.ts';
import { Attention } from '../log/flood-guard.ts';
import { Log } from '../log/log.ts';
import { RelayClient } from './client.ts';
import { Figures } from './figures.ts';
import { buildProgram, type CommonOptions, PROGRAM } from './program.ts';
import { RelayServer } from './server.ts';

const REASON_CHARACTERS = 300;
/** Of commander: no command was given. */
const NO_COMMAND = 'commander.help';

/** One end of the relay, with everything around it. */
interface End {
  open(): Promise<void>;
  stop(): Promise<void>;
}

type Build = (around: { log: Log; attention: Attention; figures: Figures }) => End;

async function main(): Promise<void> {
  const program = buildProgram({
    server: (options) =>
      run(options, (around) => {
        const server = new RelayServer(options, around);
        return { open: () => server.open(process.env), stop: () => server.stop() };
      }),
    client: (options) => run(options, (around) => new RelayClient(options, around)),
  });
  try {
    await program.parseAsync();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    endAsCommanderSays(error, program.helpInformation({ error: true }));
  }
}

/** Serves until a signal ends it. */
async function run({ metrics, logAddresses }: CommonOptions, build: Build): Promise<void> {
  const log = new Log({ level: 'info', addresses: logAddresses });
  const attention = new Attention(log);
  const figures = new Figures();
  const end = build({ log, attention, figures });
  process.on('exit', () => attention.flush());
  let isStopping = false;
  const stop = () => {
    if (isStopping) return;
    isStopping = true;
    log.report('stopping', {});
    void end.stop().then(() => process.exit(0));
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, stop);
  try {
    await end.open();
    // Without the option nothing of it is loaded.
    if (metrics !== undefined) await (await import('./metrics.ts')).serveMetrics(metrics, figures);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    log.report('cannot start', { reason: error.message });
    process.exit(EXIT_FAILURE);
  }
}

function endAsCommanderSays({ code, exitCode, message }: CommanderError, help: string): void {
  if (code === NO_COMMAND) {
    process.stderr.write(help);
    process.exit(EXIT_USAGE);
  }
  const reason = message.replace(/^error: /, '').replaceAll('\n', ' ');
  if (exitCode !== 0) exitWithUsageError(PROGRAM, escapeLine(reason, REASON_CHARACTERS));
}

void main();
