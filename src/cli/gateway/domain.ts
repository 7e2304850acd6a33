import { type Config, type DomainConfig, findStaleAfterSeconds, isMesh } from '../../config/config.ts';
import { confirmFaults, type Forwarding, isSound, type Survey, surveyDomain } from '../../core/changes/survey.ts';
import type { DomainView } from '../../core/decisions/admission.ts';
import { parseForwardingEntries } from '../../core/kernel/fdb.ts';
import { DumpReader } from '../../core/kernel/wg-dump.ts';
import type { RouterNames } from '../../core/operator/router-names.ts';
import { describeError } from '../../core/values/errors.ts';
import { remembering } from '../../core/values/remembering.ts';
import type { UnixSeconds } from '../../core/values/time.ts';
import { readUnlocked } from '../../system/domain/read-unlocked.ts';
import { readForwardingEntries } from '../../system/kernel/fdb.ts';
import { hasInterfaces, interfaceExists } from '../../system/kernel/links.ts';
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
  /** Of routers anywhere. */
  readonly names: RouterNames;
}

/**
 * Reads a domain without its lock, so that no router ever waits for a reader: a change in progress may be half
 * visible.
 * @throws Error with one line that says what cannot be read, and why.
 */
export type ReadDomain = (names: RouterNames) => Promise<DomainReading>;

/** To read a domain many times: each reading keeps what the next one can use again, which is most of it. */
export function prepareReading(domain: DomainConfig, config: Config): ReadDomain {
  const kept = {
    store: new DomainStore(domain, config),
    dumps: new DumpReader(),
    parseEntries: remembering(1, parseForwardingEntries),
  };
  return async (names) => {
    const view = await readPeers(domain, config, kept);
    const settings = { ...domain, staleAfterSeconds: findStaleAfterSeconds(domain, config) };
    const survey = surveyDomain(view.peers, await readForwarding(domain, kept), settings);
    return { domain, at: view.peers.now.unix, view, names, ...survey };
  };
}

function readDomain(domain: DomainConfig, config: Config, names: RouterNames): Promise<DomainReading> {
  return prepareReading(domain, config)(names);
}

/** Like {@link ReadDomain}, for reporting faults: a domain that is merely busy must not look faulty. */
export async function readSettledDomain(
  domain: DomainConfig,
  config: Config,
  names: RouterNames,
): Promise<DomainReading> {
  const first = await readDomain(domain, config, names);
  if (isSound(first) || !hasInterfaces(domain)) return first;
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MILLISECONDS));
  const second = await readDomain(domain, config, names);
  return { ...second, ...confirmFaults(second, first) };
}

interface Kept {
  readonly store: DomainStore;
  readonly dumps: DumpReader;
  readonly parseEntries: typeof parseForwardingEntries;
}

async function readPeers(domain: DomainConfig, config: Config, { store, dumps }: Kept): Promise<DomainView> {
  try {
    return await readUnlocked(domain, config, store, dumps);
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
async function readForwarding(domain: DomainConfig, { parseEntries }: Kept): Promise<Forwarding> {
  const [entries, routes] = await Promise.all([
    isMesh(domain) && interfaceExists(domain.vxlan) ? readForwardingEntries(domain, parseEntries) : [],
    domain.route ? readHostRoutes(domain) : [],
  ]);
  return { entries, routes };
}
