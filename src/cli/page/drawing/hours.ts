import { INTERVAL_SECONDS, OUTCOMES, type OutcomeCounts } from '../../../core/exchange/activity.ts';
import type { UnixSeconds } from '../../../core/values/time.ts';
import { addUp } from './shapes.ts';

/** The outcomes of the exchanges in the hour from `since` on. */
export interface Hour {
  readonly since: UnixSeconds;
  readonly counts: OutcomeCounts;
}

export const HOUR_SECONDS = 3600;
const INTERVALS_PER_HOUR = HOUR_SECONDS / INTERVAL_SECONDS;

/** Groups intervals of ten minutes. The last hour ends with the last interval, whether it is a full hour or not. */
export function groupHours(intervals: readonly Hour[]): Hour[] {
  const starts = intervals.filter((_, index) => index % INTERVALS_PER_HOUR === 0);
  return starts.map(({ since }, hour) => {
    const first = hour * INTERVALS_PER_HOUR;
    return { since, counts: addUpCounts(intervals.slice(first, first + INTERVALS_PER_HOUR)) };
  });
}

/** The number of exchanges with each outcome. */
export function addUpCounts(hours: readonly Pick<Hour, 'counts'>[]): OutcomeCounts {
  const sums = OUTCOMES.map((outcome) => [outcome, addUp(hours.map(({ counts }) => counts[outcome]))]);
  return Object.fromEntries(sums);
}
