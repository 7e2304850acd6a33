import { type DomainConfig, listInterfaces } from '../../config/config.ts';
import type { PeerChange } from '../../core/changes/change.ts';
import { describeError } from '../../core/values/errors.ts';
import type { Events } from '../../log/events.ts';
import { applyChanges } from './apply-changes.ts';

/** Restores lost routers, with entries and routes, so that none of them has to register again. */
export async function revive(
  changes: readonly PeerChange[],
  { domain, log, lost }: { readonly domain: DomainConfig; readonly log: Events; readonly lost: number },
): Promise<void> {
  if (changes.length === 0) return;
  const { failures } = await applyChanges(domain, changes);
  const interfaces = listInterfaces(domain).map(([, name]) => name);
  const reason = `interface ${interfaces.join(' or ')} was recreated or emptied`;
  log.report('restored', { domain: domain.name, keys: changes.length - failures.size, of: lost, reason });
  for (const [change, error] of [...failures].slice(0, 1)) {
    const { address, key } = change.router;
    const fields = { domain: domain.name, address, key, failed: failures.size };
    log.report('restoring failed', { ...fields, reason: describeError(error) });
  }
}
