import type { Traces } from '../../core/changes/effects.ts';
import type { DomainView } from '../../core/decisions/admission.ts';
import type { PublicKey } from '../../core/values/public-key.ts';
import type { DomainSession } from '../../system/domain/domain-session.ts';

/**
 * Finds all traces of a key under the lock of a domain. An operator's peer counts only if the record has its key, or if
 * `wasRecorded` says that the record had it until now.
 */
export function findTraces(
  key: PublicKey,
  { peers, record, claims }: DomainView,
  session: DomainSession,
  wasRecorded = false,
): Traces {
  const router = peers.describe(key);
  const ours = peers.ours.get(key);
  const registration = record.registrations.get(key);
  const isRecorded = ours !== undefined || (peers.isOperators(key) && (wasRecorded || registration !== undefined));
  const peer = isRecorded ? (ours?.held ?? router) : undefined;
  return {
    peer,
    vacated: ours?.held === undefined && peers.isHeld(router.address) ? undefined : peer,
    router,
    hasClaim: claims.has(key),
    // Only where no table of leases says who is restored.
    isRemembered: peers.plan.needsRecord && (session.memory.remembers(key) || registration?.isLeaving === false),
  };
}
