import type { UnixSeconds } from '../values/time.ts';

/** How exchanges end, as a chart distinguishes them; a kept key also counts as joined. */
export const OUTCOMES = ['joined', 'refused', 'failed'] as const;
export type Outcome = (typeof OUTCOMES)[number];
export type OutcomeCounts = Readonly<Record<Outcome, number>>;

/** The recent exchanges of a domain. */
export interface Activity {
  /** The last exchange that got `OK`, even if it was more than a day ago. */
  readonly lastExchange: UnixSeconds | 'never';
  /** How exchanges ended, by the start of the interval: a multiple of {@link INTERVAL_SECONDS}. */
  readonly intervals: ReadonlyMap<UnixSeconds, OutcomeCounts>;
}

export const INTERVAL_SECONDS = 600;
export const REMEMBERED_SECONDS = 86_400;
export const MAX_INTERVALS = REMEMBERED_SECONDS / INTERVAL_SECONDS;

export const NO_ACTIVITY: Activity = { lastExchange: 'never', intervals: new Map() };
const NONE: OutcomeCounts = { joined: 0, refused: 0, failed: 0 };

/** Counts `times` exchanges that ended just now. */
export function countExchanges(activity: Activity, outcome: Outcome, times: number, now: UnixSeconds): Activity {
  const since = findInterval(now);
  const news = new Map([[since, { ...NONE, [outcome]: times }]]);
  const lastExchange = outcome === 'joined' ? Math.floor(now) : activity.lastExchange;
  return { lastExchange, intervals: dropOldest(addCounts(activity.intervals, news), now) };
}

/** The earlier activity with the later one added. */
export function mergeActivity(earlier: Activity, later: Activity, now: UnixSeconds): Activity {
  return {
    lastExchange: later.lastExchange === 'never' ? earlier.lastExchange : later.lastExchange,
    intervals: dropOldest(addCounts(earlier.intervals, later.intervals), now),
  };
}

/** The last day: all its intervals, oldest first; the last one contains `now`. */
export function listLastDay(
  { intervals }: Activity,
  now: UnixSeconds,
): { since: UnixSeconds; counts: OutcomeCounts }[] {
  const first = findInterval(now) - REMEMBERED_SECONDS + INTERVAL_SECONDS;
  return Array.from({ length: MAX_INTERVALS }, (_, index) => {
    const since = first + index * INTERVAL_SECONDS;
    return { since, counts: intervals.get(since) ?? NONE };
  });
}

/** The number of exchanges with each outcome. */
export function addUpCounts(intervals: readonly { readonly counts: OutcomeCounts }[]): OutcomeCounts {
  return intervals.map(({ counts }) => counts).reduce(addTwo, NONE);
}

/** When the last exchange was; undefined for a time in the future, from before the clock was set back. */
export function findLastExchange({ lastExchange }: Activity, now: UnixSeconds): UnixSeconds | undefined {
  return lastExchange === 'never' || lastExchange > now ? undefined : lastExchange;
}

function findInterval(time: UnixSeconds): UnixSeconds {
  return Math.floor(time / INTERVAL_SECONDS) * INTERVAL_SECONDS;
}

function addCounts(some: Activity['intervals'], others: Activity['intervals']): Activity['intervals'] {
  const sum = new Map(some);
  for (const [since, counts] of others) sum.set(since, addTwo(sum.get(since) ?? NONE, counts));
  return sum;
}

function addTwo(one: OutcomeCounts, other: OutcomeCounts): OutcomeCounts {
  return {
    joined: one.joined + other.joined,
    refused: one.refused + other.refused,
    failed: one.failed + other.failed,
  };
}

/**
 * Keeps a day by the clock, and a bounded number of intervals. While a clock is behind, the intervals of the real time
 * lie in the future and stay as long as there is space; after a clock was ahead, the farthest one is dropped first.
 */
function dropOldest(intervals: Activity['intervals'], now: UnixSeconds): Activity['intervals'] {
  const oldest = findInterval(now) - REMEMBERED_SECONDS;
  if (intervals.size === 1 && intervals.has(oldest + REMEMBERED_SECONDS)) return intervals;
  const left = [...intervals].filter(([since]) => since > oldest).sort(([one], [other]) => one - other);
  return new Map(left.slice(0, MAX_INTERVALS));
}
