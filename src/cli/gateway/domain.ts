import type { Config, DomainConfig } from '../../config/config.ts';
import { confirmFaults, type Forwarding, isSound, type Survey, surveyDomain } from '../../core/changes/survey.ts';
import type { DomainView } from '../../core/decisions/admission.ts';
import { describeError } from '../../core/values/errors.ts';
import type { UnixSeconds } from '../../core/values/time.ts';
import { readUnlocked } from '../../system/domain/read-unlocked.ts';
import { readForwardingEntries } from '../../system/kernel/fdb.ts';
import { interfaceExists } from '../../system/kernel/links.ts';
import { readHostRoutes } from '../../system/kernel/routes.ts';
import { ProgramError } from '../../system/run/program-error.ts';
import { DomainStore } from '../../system/store/domain-store.ts';

/** Much longer than a batch of the service takes. */
const SETTLE_MILLISECONDS = 500;

/** The state of a domain as it was found. */
export interface DomainReading extends Survey {
  readonly domain: DomainConfig;
  readonly at: UnixSeconds;
  readonly view: DomainView;
}

/**
 * Reads a domain without its lock, so that no router ever waits for a reader: a change in progress may be half
 * visible.
 * @throws Error with one line that says what cannot be read, and why.
 */
export async function readDomain(domain: DomainConfig, config: Config): Promise<DomainReading> {
  const view = await readPeers(domain, config);
  const settings = { ...domain, staleAfterSeconds: view.staleAfterSeconds };
  return { domain, at: view.peers.now.unix, view, ...surveyDomain(view.peers, await readForwarding(domain), settings) };
}

/** Like {@link readDomain}, for reporting faults: a domain that is merely busy must not look faulty. */
export async function readSettledDomain(domain: DomainConfig, config: Config): Promise<DomainReading> {
  const first = await readDomain(domain, config);
  if (isSound(first) || !interfaceExists(domain.vxlan)) return first;
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MILLISECONDS));
  const second = await readDomain(domain, config);
  return { ...second, ...confirmFaults(second, first) };
}

async function readPeers(domain: DomainConfig, config: Config): Promise<DomainView> {
  try {
    return await readUnlocked(domain, config, new DomainStore(domain, config));
  } catch (error) {
    throw new Error(`Cannot read the peers of ${domain.name}: ${explain(error, domain)}`, { cause: error });
  }
}

/** wg(8) blames the protocol if the interface is missing, and does not say that it needs root. */
function explain(error: unknown, { wireguard }: DomainConfig): string {
  const isRefused = error instanceof ProgramError && error.exitCode !== undefined;
  if (isRefused && !interfaceExists(wireguard)) return `interface ${wireguard} does not exist`;
  if (isRefused && process.getuid?.() !== 0) return 'run it as root';
  return describeError(error);
}

/** A missing interface has no entries. */
async function readForwarding(domain: DomainConfig): Promise<Forwarding> {
  const [entries, routes] = await Promise.all([
    interfaceExists(domain.vxlan) ? readForwardingEntries(domain) : [],
    domain.route ? readHostRoutes(domain) : [],
  ]);
  return { entries, routes };
}
