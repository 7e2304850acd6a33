import { COMMON_HELP, EXIT_FAILURE, EXIT_RESTART, orExitWithConfigError, readCommandLine } from '../command-line.ts';
import { loadConfig } from '../config/config.ts';
import { InputError } from '../core/values/errors.ts';
import { HandlerKeeper } from '../handler-client/keeper.ts';
import { Attention } from '../log/flood-guard.ts';
import { Log } from '../log/log.ts';
import { ExchangeServer } from './lines/server.ts';
import { ListeningSockets } from './lines/sockets.ts';
import { MetricsService } from './metrics/service.ts';

const PROGRAM = 'wgkex-listen';
const HELP = `Usage: ${PROGRAM} [--config PATH]

Answers routers that want their WireGuard key known: takes a domain and a public key, hands them to wgkex-handler,
and says OK or what was wrong. SIGHUP reads the configuration anew, SIGTERM finishes what is under way and ends.

${COMMON_HELP}`;

/** For connections that are open when the service is stopped. */
const DRAIN_MILLISECONDS = 4500;
/** With them, and with what the handler writes down at its end: systemd would kill both after 10 s. */
const STOP_MILLISECONDS = 9500;

async function main(): Promise<void> {
  const { config: path } = readCommandLine({ program: PROGRAM, help: HELP });
  const config = orExitWithConfigError(PROGRAM, () => loadConfig(path));
  const log = new Log(config.log);
  const attention = new Attention(log);
  process.on('exit', () => attention.flush());
  if (process.getuid?.() === 0)
    log.warn('running as root', { reason: 'expected the user wgkex, as wgkex.service sets it' });
  if (config.domains.size === 0) log.warn('no domain is configured', { reason: `expected [domains.NAME] in ${path}` });

  const metrics = new MetricsService(log);
  const handler = new HandlerKeeper(config.handler, log, metrics, () => process.exit(EXIT_RESTART));
  const server = new ExchangeServer(config, (exchange) => handler.ask(exchange), attention, metrics);
  const sockets = new ListeningSockets((socket) => server.accept(socket), process.env);
  const open = async () => {
    // Counted is from the first connection on, and the routers' port comes first.
    await metrics.configure(config, { server, handler });
    await sockets.open(config.listen, handler.isDecided).catch((error) => {
      reportInputError(log, 'cannot start')(error);
      process.exit(EXIT_FAILURE);
    });
    await metrics.open(config);
  };
  const isOpen = open();

  let current = config;
  const reload = async () => {
    const next = loadConfig(path);
    await sockets.configure(next.listen);
    if (!(await handler.reload(next.handler))) {
      await sockets.configure(current.listen);
      return;
    }
    log.configure(next.log);
    server.configure(next);
    await metrics.configure(next, { server, handler });
    await metrics.open(next);
    current = next;
    log.info('reloaded', { on: sockets.names.join(' ') });
  };
  let isStopping = false;
  const stop = async () => {
    if (isStopping) return;
    isStopping = true;
    sockets.close();
    log.info('stopping');
    const deadline = setTimeout(() => process.exit(0), STOP_MILLISECONDS);
    await server.drain(DRAIN_MILLISECONDS);
    await handler.stop();
    clearTimeout(deadline);
    process.exit(0);
  };

  // One reload after the other, the first when all is set up.
  let reloads = isOpen;
  process.on('SIGHUP', () => {
    reloads = reloads
      .then(() => (isStopping ? undefined : reload()))
      .catch(reportInputError(log, 'kept the old configuration'));
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop());
  await isOpen;
  log.info('listening', { on: sockets.names.join(' ') });
}

/** Takes what an operator can mend; anything else is a fault of the program and ends it. */
function reportInputError(log: Log, event: string): (error: unknown) => void {
  return (error) => {
    if (!(error instanceof InputError)) throw error;
    log.error(event, { reason: error.message });
  };
}

void main();
