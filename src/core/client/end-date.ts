import { DAY_SECONDS, type UnixSeconds } from '../values/time.ts';

/** How near the end date of a lease is: the days before it on which a member is warned, 0 once it has passed. */
export const WARNING_DAYS = [7, 1, 0] as const;
export type WarningDays = (typeof WARNING_DAYS)[number];

/** The nearest warning that is due; undefined if the end is farther away, or if there is none. */
export function findWarning(expires: UnixSeconds | undefined, now: UnixSeconds): WarningDays | undefined {
  if (expires === undefined) return undefined;
  return WARNING_DAYS.findLast((days) => expires - now <= days * DAY_SECONDS);
}
