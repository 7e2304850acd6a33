import type { DomainConfig } from '../../config/config.ts';
import { hasTraces, listForgettingEffects } from '../../core/changes/effects.ts';
import { describeError } from '../../core/values/errors.ts';
import type { PublicKey } from '../../core/values/public-key.ts';
import { applyRemoval } from '../../system/domain/apply-changes.ts';
import { type DomainEdit, editDomain } from './domain-edit.ts';
import type { Editing } from './editing.ts';
import { findTraces } from './traces.ts';

/** Removes a key from a domain with everything that belongs to it, so that only an exchange brings it back. */
export function removeKey(key: PublicKey, domain: DomainConfig, editing: Editing): Promise<DomainEdit> {
  const { dryRun, log, names } = editing;
  return editDomain(domain, editing, async (view, session) => {
    if (view.peers.isOperators(key))
      return { outcome: 'static', reason: `Cannot remove ${key}: it is one of the operator's peers`, effects: [] };
    const traces = findTraces(key, view, session);
    if (!hasTraces(traces)) return { outcome: 'absent', reason: `Cannot remove ${key}: it is not a peer`, effects: [] };
    const effects = listForgettingEffects(traces, domain);
    if (dryRun) return { outcome: 'removed', effects };
    // Before the peer goes: if this cannot be written, everything stays as it is.
    session.forget(key, view);
    const leftOver = traces.peer && (await applyRemoval(domain, effects));
    // The key leaves the record only after a reading without its peer.
    await session.open();
    const { address } = traces.router;
    log.report('removed', { domain: domain.name, address, key, name: names.get(key), by: 'operator' });
    if (leftOver === undefined) return { outcome: 'removed', effects };
    const reason = `left to the cleanup: ${describeError(leftOver)}`;
    return { outcome: 'failed', reason, effects: effects.filter(({ what }) => what === 'peer' || what === 'claim') };
  });
}
