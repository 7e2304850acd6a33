import {
  COMMON_HELP,
  EXIT_FAILURE,
  EXIT_RESTART,
  exitWithUsageError,
  orExitWithConfigError,
  readCommandLine,
} from '../command-line.ts';
import { type Config, type DomainConfig, hasLeases, isLeased, listInterfaces, parseConfig } from '../config/config.ts';
import { findPermitted, formatMessage } from '../core/privsep/requests.ts';
import { describeError } from '../core/values/errors.ts';
import { Attention } from '../log/flood-guard.ts';
import { Log } from '../log/log.ts';
import type { ReplacedDirectoryError } from '../system/files/runtime-directory.ts';
import { ROOT_UMASK, readTrustedFile } from '../system/files/trust.ts';
import { ignoreSignals } from '../system/run/ignore-signals.ts';
import { DomainBatches } from './batches.ts';
import { LinkWatch } from './link-watch.ts';
import { Numbers } from './numbers.ts';
import { type Answers, serveRequests } from './requests.ts';
import type { DomainService, Listener } from './service/domain-service.ts';

const PROGRAM = 'wgkex-handler';
const HELP = `Usage: ${PROGRAM} [--config PATH]

Admits router keys to WireGuard and VXLAN interfaces. wgkex-listen starts it through sudo. It reads requests
from standard input and replies on standard output, one JSON object per line, until its input ends.

${COMMON_HELP}`;

async function main(): Promise<void> {
  ignoreSignals();
  process.umask(ROOT_UMASK);
  const { config: path } = readCommandLine({ program: PROGRAM, help: HELP });
  if (process.getuid?.() !== 0) exitWithUsageError(PROGRAM, 'it must be run as root');
  const config = orExitWithConfigError(PROGRAM, () => parseConfig(readTrustedFile(path), path));
  const log = new Log(config.log);
  const attention = new Attention(log);
  process.on('exit', () => attention.flush());
  const hasMetrics = config.metrics.listen !== undefined;
  const permitted = findPermitted({
    metrics: hasMetrics,
    http: config.http !== undefined,
    mqtt: config.mqtt !== undefined,
    leases: hasLeases(config),
  });
  const numbers = new Numbers(config);
  const domains = new Map<string, DomainService>();
  for (const [name, domain] of config.domains) {
    const onBatch = (exchanges: number) => {
      if (hasMetrics) process.stdout.write(formatMessage({ type: 'batch', domain: domain.name, exchanges }));
    };
    const listener = { onBatch, onReplaced: (error: ReplacedDirectoryError) => end(error, log) };
    domains.set(name, await openDomain(domain, config, attention, listener));
  }
  const watch = new LinkWatch(findLookers(config, domains), log);
  // If nobody reads the replies any more, the input ends, too.
  process.stdout.on('error', () => {});
  try {
    const answers: Answers = {
      exchange: async (request) => ({ code: (await domains.get(request.domain)?.serve(request)) ?? 'INVALID_DOMAIN' }),
      lease: async (request) => (await domains.get(request.domain)?.serveLease(request)) ?? { code: 'INVALID_DOMAIN' },
      numbers: async ({ domain }) => ({ numbers: await numbers.find(domain) }),
      gateway: async ({ domain }) => ({ gateway: (await domains.get(domain)?.describeInterface()) ?? null }),
    };
    await serveRequests(process.stdin, process.stdout, answers, permitted);
  } catch (error) {
    log.report('handler failed', { reason: describeError(error) });
    process.exitCode = EXIT_FAILURE;
  }
  watch.stop();
  await Promise.all([...domains.values()].map((domain) => domain.stop()));
  process.exit();
}

/** Without a domain that has leases nothing of them is loaded. */
async function openDomain(
  domain: DomainConfig,
  config: Config,
  log: Attention,
  listener: Listener,
): Promise<DomainService> {
  if (!isLeased(domain)) return new DomainBatches(domain, config, log, listener);
  const { LeaseBatches } = await import('./leases/lease-batches.ts');
  return new LeaseBatches(domain, config, log, listener);
}

/** The service restarts, and then uses the directory that is there now. */
function end(error: ReplacedDirectoryError, log: Log): never {
  log.report('handler failed', { reason: error.message });
  process.exit(EXIT_RESTART);
}

/** The callbacks for changes of the interfaces, by their names. */
function findLookers(config: Config, services: ReadonlyMap<string, DomainService>): Map<string, () => void> {
  return new Map(
    [...config.domains].flatMap(([name, domain]) => {
      const look = () => services.get(name)?.lookAtInterfaces();
      return listInterfaces(domain).map(([, device]) => [device, look] as const);
    }),
  );
}

void main();
