import type { UnixSeconds } from '../values/time.ts';
import type { Lease } from './lease.ts';

/** `overdue`: its end date has passed, and no pass of the cleanup has ended it yet. */
export type LeaseState = 'unbound' | 'bound' | 'overdue' | 'ended';

export function findLeaseState({ key, expires, ended }: Lease, now: UnixSeconds): LeaseState {
  if (ended !== undefined) return 'ended';
  if (expires !== undefined && expires <= now) return 'overdue';
  return key === undefined ? 'unbound' : 'bound';
}
