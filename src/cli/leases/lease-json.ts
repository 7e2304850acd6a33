import type { Lease } from '../../core/leases/lease.ts';
import { findLeaseState } from '../../core/leases/lease-state.ts';
import type { UnixSeconds } from '../../core/values/time.ts';

/** A lease as documents have it: everything but its secret. */
export function describeLease(lease: Lease, now: UnixSeconds): object {
  return {
    id: lease.id,
    domain: lease.domain,
    state: findLeaseState(lease, now),
    email: lease.email ?? null,
    note: lease.note ?? null,
    order: lease.orderId ?? null,
    created: lease.created,
    expires: lease.expires ?? null,
    ended: lease.ended ?? null,
    key: lease.key ?? null,
    address4: lease.address4 ?? null,
    address6: lease.address6 ?? null,
    bound: lease.bound ?? null,
    used_keys: lease.usedKeys,
    reminded: lease.reminded,
  };
}
