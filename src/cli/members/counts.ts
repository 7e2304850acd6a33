import type { Lease } from '../../core/leases/lease.ts';
import type { DomainName } from '../../core/values/names.ts';
import type { UnixSeconds } from '../../core/values/time.ts';
import { formatTime } from '../terminal/words.ts';

/** The leases of a domain that have not ended. */
export interface LeaseCounts {
  /** Those that have a key. */
  readonly bound: number;
  /** Those that wait for one. */
  readonly unbound: number;
  /** Those of both whose end date has passed: the cleanup ends them. */
  readonly overdue: number;
  /** The next end date; undefined if there is none. */
  readonly nextEnd: UnixSeconds | undefined;
}

export function countLeases(leases: readonly Lease[], name: DomainName, now: UnixSeconds): LeaseCounts {
  const lasting = leases.filter(({ domain, ended }) => domain === name && ended === undefined);
  const ends = lasting.flatMap(({ expires }) => expires ?? []);
  const bound = lasting.filter(({ key }) => key !== undefined).length;
  const coming = ends.filter((end) => end > now);
  return {
    bound,
    unbound: lasting.length - bound,
    overdue: ends.length - coming.length,
    nextEnd: coming.length === 0 ? undefined : coming.reduce((one, other) => Math.min(one, other)),
  };
}

/** `Leases of members: 12 bound, 3 unbound, 1 overdue; the next end date is 2026-12-01 00:00:00.` */
export function describeCounts(name: DomainName, { bound, unbound, overdue, nextEnd }: LeaseCounts): string {
  const counts = [`${bound} bound`, `${unbound} unbound`, ...(overdue === 0 ? [] : [`${overdue} overdue`])].join(', ');
  return `Leases of ${name}: ${counts}; ${nextEnd === undefined ? 'no end date is ahead' : `the next end date is ${formatTime(nextEnd)}`}.`;
}
