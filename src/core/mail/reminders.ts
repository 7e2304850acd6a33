import type { Lease } from '../leases/lease.ts';
import { DAY_SECONDS, type UnixSeconds } from '../values/time.ts';

/**
 * The reminder that is due for a lease: how many days before its end date. Undefined if none is: before the first of
 * `remindDays`, after the end date, and for days that were over when the lease was granted.
 */
export function findReminder(
  { created, expires, ended, reminded }: Pick<Lease, 'created' | 'expires' | 'ended' | 'reminded'>,
  remindDays: readonly number[],
  now: UnixSeconds,
): number | undefined {
  if (expires === undefined || ended !== undefined || now >= expires) return undefined;
  const passed = remindDays.filter((days) => now >= expires - days * DAY_SECONDS);
  const latest = Math.min(...passed);
  const isDue = passed.length > 0 && !reminded.includes(latest) && created < expires - latest * DAY_SECONDS;
  return isDue ? latest : undefined;
}
