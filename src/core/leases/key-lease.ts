import type { PublicKey } from '../values/public-key.ts';
import type { Lease } from './lease.ts';

/** What a lease is to a key: `bound` to it and lasting, `ended`, or `released` from it. */
export interface KeyLease {
  readonly state: 'bound' | 'ended' | 'released';
  readonly lease: Lease;
}

/** The lease of a domain that says most about a key; `leases` are those of the domain. */
export function findKeyLease(key: PublicKey, leases: readonly Lease[]): KeyLease | undefined {
  const own = leases.filter((lease) => lease.key === key);
  const bound = own.find(({ ended }) => ended === undefined);
  if (bound !== undefined) return { state: 'bound', lease: bound };
  const [ended] = own.sort((one, other) => (other.ended ?? 0) - (one.ended ?? 0));
  if (ended !== undefined) return { state: 'ended', lease: ended };
  const released = leases.find(({ usedKeys }) => usedKeys.includes(key));
  return released && { state: 'released', lease: released };
}
