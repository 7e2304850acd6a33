import type { DomainView } from '../decisions/admission.ts';
import { hasAddressesOf, judgeKey } from '../decisions/member-admission.ts';
import type { Lease } from '../leases/lease.ts';
import { findRouter } from '../leases/leased-plan.ts';
import type { PublicKey } from '../values/public-key.ts';
import { type RecordedChange, registerAnew, registerRestored } from './registering.ts';

/** How the peers of a domain differ from its leases. */
export interface MemberDifference {
  /** Leases that last and are bound, without a peer that has exactly their addresses. */
  readonly unserved: readonly Lease[];
  /** Our peers without such a lease. */
  readonly leaseless: readonly PublicKey[];
}

/** Compares the leases that are bound and last with the peers. */
export function compareMembers(leases: readonly Lease[], view: DomainView): MemberDifference {
  const keys = new Set(leases.map(({ key }) => key));
  return {
    unserved: leases.filter((lease) => isUnserved(lease, view)),
    leaseless: [...view.peers.ours.keys()].filter((key) => !keys.has(key)),
  };
}

/** A key that may have no peer is left out: nothing restores it. */
function isUnserved(lease: Lease, view: DomainView): boolean {
  const { key } = lease;
  return key !== undefined && judgeKey(key, view, lease) === undefined && !hasAddressesOf(lease, key, view);
}

/** Gives leases their peers; brings `view` to the state after it. */
export function planServing(unserved: readonly Lease[], view: DomainView): RecordedChange[] {
  return unserved.flatMap(({ key, ...lease }) => {
    const router = key && findRouter(key, lease);
    if (router === undefined) return [];
    return view.peers.ours.has(router.key) ? registerAnew(router, view) : registerRestored(router, view);
  });
}
