import { COMMON_HELP, EXIT_FAILURE, EXIT_RESTART, orExitWithConfigError, readCommandLine } from '../command-line.ts';
import { loadConfig } from '../config/config.ts';
import { InputError } from '../core/values/errors.ts';
import { Log } from '../log/log.ts';
import { Service } from './service.ts';

const PROGRAM = 'wgkex-listen';
const HELP = `Usage: ${PROGRAM} [--config PATH]

Answers routers that register their WireGuard key: takes a domain and a public key, passes them to wgkex-handler,
and replies OK or an error. SIGHUP reloads the configuration, SIGTERM finishes what is under way and exits.

${COMMON_HELP}`;

function main(): void {
  const { config: path } = readCommandLine({ program: PROGRAM, help: HELP });
  const load = () => loadConfig(path);
  const config = orExitWithConfigError(PROGRAM, load);
  const log = new Log(config.log);
  if (process.getuid?.() === 0)
    log.report('running as root', { reason: 'expected the user wgkex, as wgkex.service sets it' });
  if (config.domains.size === 0 && config.mqtt === undefined)
    log.report('no domain configured', { reason: `expected [domains.NAME] in ${path}` });

  const onRestartNeeded = () => process.exit(EXIT_RESTART);
  const service = new Service(config, { load, log, environment: process.env, onRestartNeeded });
  process.on('exit', () => service.flush());
  process.on('SIGHUP', () => service.reload());
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => void service.stop().then(() => process.exit(0)));
  service.open().catch((error) => {
    if (!(error instanceof InputError)) throw error;
    log.report('cannot start', { reason: error.message });
    process.exit(EXIT_FAILURE);
  });
}

main();
