import type { DomainConfig } from '../../config/config.ts';
import type { DomainView } from '../../core/decisions/admission.ts';
import { buildClearKeepalive } from '../../core/kernel/words.ts';
import { type Adoption, planAdoption } from '../../core/operator/adoption.ts';
import type { PublicKey } from '../../core/values/public-key.ts';
import { DomainSession } from '../../system/domain/domain-session.ts';
import { applyJointly } from '../../system/kernel/bisect.ts';
import { setPeers } from '../../system/kernel/wg.ts';
import type { Editing } from './editing.ts';

/**
 * Takes over the peers that another service left, or only those of `keys`, under the lock of their domain.
 * @throws Error with one line that says why not; another call completes an unfinished adoption.
 */
export async function adoptPeers(
  domain: DomainConfig,
  keys: ReadonlySet<PublicKey> | undefined,
  { config, log, dryRun }: Editing,
): Promise<Adoption> {
  if (domain.leased !== undefined)
    throw new Error(
      `Cannot adopt: only leases give ${domain.name} its peers; to grant one: wgkex lease grant ${domain.name}`,
    );
  const session = new DomainSession(domain, config, log, dryRun);
  try {
    const view = await session.open();
    requireLists(view);
    const adoption = planAdoption(view, keys);
    if (dryRun || adoption.adopted.length === 0) return adoption;
    // Record first: an unrecorded peer without a keepalive would look like any other peer of the operator's.
    if (!session.write(adoption.lines, view)) throw new Error('Cannot adopt: the record of peers cannot be written');
    await clearKeepalives(adoption, domain);
    log.report('adopted', { domain: domain.name, keys: adoption.adopted.length, by: 'operator' });
    return adoption;
  } finally {
    session.close();
    if (!dryRun) await log.write();
  }
}

/** A list that cannot be read may name any key. @throws Error */
function requireLists({ lists }: DomainView): void {
  const [doubt] = lists.doubts;
  if (doubt !== undefined) throw new Error(`Cannot adopt: ${doubt}`);
}

/** @throws Error of the first peer that still has a keepalive. */
async function clearKeepalives({ adopted }: Adoption, domain: DomainConfig): Promise<void> {
  const keys = adopted.filter(({ peer }) => peer.hasKeepalive).map(({ peer }) => peer.key);
  const failures = await applyJointly(keys, (some) => setPeers(domain, some.map(buildClearKeepalive)));
  for (const error of failures.values()) throw error;
}
