import type { DomainView } from '../core/admission.ts';
import { dropStale } from '../core/handshakes.ts';
import { planRevival } from '../core/revival.ts';
import { describeError } from '../errors.ts';
import { applyChanges } from './changes.ts';
import { type ReadingContext, readClock, readDomain } from './reading.ts';

/**
 * For a domain whose interfaces were made anew: lets in again who was alive on the old ones, with entries and routes,
 * so that no router has to ask. Under the lock of the domain. Returns whether there was anything to do.
 */
export async function reviveDomain(context: ReadingContext): Promise<boolean> {
  const { domain, log } = context;
  const { alive, changes } = reviveView(await readDomain(context), context);
  if (changes.length === 0) return false;
  const { failures } = await applyChanges(domain, changes);
  const revived = changes.filter((change) => change.kind === 'add' && !failures.has(change));
  const reason = `interface ${domain.wireguard} or ${domain.vxlan} was made anew, or emptied`;
  log.info('put back', { domain: domain.name, keys: revived.length, of: alive.size, reason });
  for (const [change, error] of [...failures].slice(0, 1)) {
    const { address, key } = change.router;
    const fields = { domain: domain.name, address, key, failed: failures.size };
    log.error('could not put back', { ...fields, reason: describeError(error) });
  }
  return true;
}

/** The view is from now on as {@link reviveDomain} would make the domain. */
export function reviveView(view: DomainView, { alive: remembered, config }: ReadingContext) {
  const now = readClock();
  const alive = dropStale(remembered, config.cleanup.stale_after_seconds, now);
  return { alive, changes: planRevival(alive, view, now) };
}
