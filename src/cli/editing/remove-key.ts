import type { DomainConfig } from '../../config.ts';
import { listRemovalEffects } from '../../core/effects.ts';
import type { PublicKey } from '../../core/public-key.ts';
import { decideRemoval } from '../../core/removal.ts';
import { describeError } from '../../errors.ts';
import { removeRouter } from '../../system/changes.ts';
import { type DomainEdit, editDomain } from './domain-edit.ts';
import type { Editing } from './editing.ts';

/** Takes a key out of a domain with all that belongs to it, so that nothing but an exchange brings it back. */
export function removeKey(key: PublicKey, domain: DomainConfig, editing: Editing): Promise<DomainEdit> {
  const { dryRun, log } = editing;
  return editDomain(domain, editing, async (view, session) => {
    const { peers } = view;
    const decision = decideRemoval(key, peers);
    // Also where it is no peer: it may be one that lived, and comes back with new interfaces.
    if (!dryRun && decision !== 'static') session.forget(key, view);
    if (decision !== 'remove') return { outcome: decision, reason: explain(decision, key, domain), effects: [] };
    const router = peers.ours.get(key)?.held ?? peers.describe(key);
    const effects = listRemovalEffects(router, domain);
    if (dryRun) return { outcome: 'removed', effects };
    const leftOver = await removeRouter(domain, router);
    // It leaves the record only after a reading without it.
    await session.open();
    log.info('removed', { domain: domain.name, address: router.address, key, by: 'operator' });
    if (leftOver === undefined) return { outcome: 'removed', effects };
    return {
      outcome: 'failed',
      reason: `left to the cleanup: ${describeError(leftOver)}`,
      effects: effects.slice(0, 1),
    };
  });
}

function explain(decision: 'static' | 'absent', key: PublicKey, { wireguard }: DomainConfig): string {
  if (decision === 'absent') return `Cannot remove ${key}: it is no peer`;
  return `Cannot remove ${key}: it was set up by hand, and so it goes: wg set ${wireguard} peer ${key} remove`;
}
