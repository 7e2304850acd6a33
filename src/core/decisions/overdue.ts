import type { Lease, LeaseId } from '../leases/lease.ts';
import { isSecondLook } from './staleness.ts';

/** The leases of a domain whose end date has passed, after a pass. */
export interface Overdue {
  /** To be ended now. */
  readonly expired: readonly Lease[];
  /** Seen for the first time. */
  readonly marked: readonly Lease[];
  /** Those that wait for a later pass, and when they were first seen. */
  readonly marks: ReadonlyMap<LeaseId, number>;
}

/** Judges leases whose end date has passed; `uptime` and the marks are seconds of a clock that nobody can set. */
export function judgeOverdue(
  leases: readonly Lease[],
  marks: ReadonlyMap<LeaseId, number>,
  { uptime, secondLookSeconds }: { readonly uptime: number; readonly secondLookSeconds: number },
): Overdue {
  const ageOf = ({ id }: Lease) => uptime - (marks.get(id) ?? Number.POSITIVE_INFINITY);
  const isDue = (lease: Lease) => isSecondLook(ageOf(lease), secondLookSeconds);
  const waiting = leases.filter((lease) => !isDue(lease));
  return {
    expired: leases.filter(isDue),
    marked: leases.filter(({ id }) => !marks.has(id)),
    marks: new Map(waiting.map(({ id }) => [id, marks.get(id) ?? uptime])),
  };
}
