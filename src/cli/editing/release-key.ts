import type { DomainConfig } from '../../config/config.ts';
import { hasTraces, listReleaseEffects } from '../../core/changes/effects.ts';
import type { PublicKey } from '../../core/values/public-key.ts';
import { type DomainEdit, editDomain } from './domain-edit.ts';
import type { Editing } from './editing.ts';
import { findTraces } from './traces.ts';

/** Makes wgkex forget a key; its peer stays as it is and belongs to the operator from then on. */
export function releaseKey(
  key: PublicKey,
  domain: DomainConfig,
  editing: Editing,
  wasRecorded = false,
): Promise<DomainEdit> {
  const { dryRun, log, names } = editing;
  return editDomain(domain, editing, async (view, session) => {
    const traces = findTraces(key, view, session, wasRecorded);
    if (!hasTraces(traces)) return explain(key, view.peers.isOperators(key));
    if (!dryRun) {
      session.release(key, view);
      const { address } = traces.router;
      log.report('released', { domain: domain.name, address, key, name: names.get(key), by: 'operator' });
    }
    return { outcome: 'released', effects: listReleaseEffects(traces) };
  });
}

function explain(key: PublicKey, isOperators: boolean): Omit<DomainEdit, 'domain'> {
  const why = isOperators ? "it is already one of the operator's peers" : 'it is not a peer';
  return { outcome: isOperators ? 'static' : 'absent', reason: `Cannot release ${key}: ${why}`, effects: [] };
}
