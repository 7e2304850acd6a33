import { COMMON_HELP, EXIT_FAILURE, EXIT_RESTART, orExitWithConfigError, readCommandLine } from '../command-line.ts';
import { loadConfig } from '../config/config.ts';
import { InputError } from '../core/values/errors.ts';
import { Log } from '../log/log.ts';
import { Service } from './service.ts';

const PROGRAM = 'wgkex-listen';
const HELP = `Usage: ${PROGRAM} [--config PATH]

Answers routers that want their WireGuard key known: takes a domain and a public key, hands them to wgkex-handler,
and says OK or what was wrong. SIGHUP reads the configuration anew, SIGTERM finishes what is under way and ends.

${COMMON_HELP}`;

function main(): void {
  const { config: path } = readCommandLine({ program: PROGRAM, help: HELP });
  const load = () => loadConfig(path);
  const config = orExitWithConfigError(PROGRAM, load);
  const log = new Log(config.log);
  if (process.getuid?.() === 0)
    log.report('running as root', { reason: 'expected the user wgkex, as wgkex.service sets it' });
  if (config.domains.size === 0) log.report('no domain configured', { reason: `expected [domains.NAME] in ${path}` });

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
