import type { UnixSeconds } from '../values/time.ts';

/** How exchanges end, as a chart tells them apart; a key that is kept has joined, too. */
export const OUTCOMES = ['joined', 'refused', 'failed'] as const;
export type Outcome = (typeof OUTCOMES)[number];
export type OutcomeCounts = Readonly<Record<Outcome, number>>;

/** What came to a domain lately. */
export interface Activity {
  /** The last one that was told `OK`, also where that is longer ago than a day. */
  readonly lastExchange: UnixSeconds | 'never';
  /** How exchanges ended, by the start of the interval in which they did: a multiple of {@link INTERVAL_SECONDS}. */
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

/** What was known, with what came since. */
export function mergeActivity(earlier: Activity, later: Activity, now: UnixSeconds): Activity {
  return {
    lastExchange: later.lastExchange === 'never' ? earlier.lastExchange : later.lastExchange,
    intervals: dropOldest(addCounts(earlier.intervals, later.intervals), now),
  };
}

/** The last day as a chart has it: all its intervals, the oldest first, the one that `now` is in last. */
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

/** When the last exchange was; a time of the future, of a clock that was set back, says nothing. */
export function findLastExchange({ lastExchange }: Activity, now: UnixSeconds): UnixSeconds | undefined {
  return lastExchange === 'never' || lastExchange > now ? undefined : lastExchange;
}

function findInterval(time: UnixSeconds): UnixSeconds {
  return Math.floor(time / INTERVAL_SECONDS) * INTERVAL_SECONDS;
}

function addCounts(some: Activity['intervals'], others: Activity['intervals']): Activity['intervals'] {
  const sum = new Map(some);
  for (const [since, { joined, refused, failed }] of others) {
    const counts = sum.get(since) ?? NONE;
    sum.set(since, {
      joined: counts.joined + joined,
      refused: counts.refused + refused,
      failed: counts.failed + failed,
    });
  }
  return sum;
}

/**
 * A day by the clock, bounded in number as well: for a clock that is behind for a while what it knows of the real time
 * is the future, and stays as long as there is room; of a clock that was ahead the farthest goes first.
 */
function dropOldest(intervals: Activity['intervals'], now: UnixSeconds): Activity['intervals'] {
  const oldest = findInterval(now) - REMEMBERED_SECONDS;
  if (intervals.size === 1 && intervals.has(oldest + REMEMBERED_SECONDS)) return intervals;
  const left = [...intervals].filter(([since]) => since > oldest).sort(([one], [other]) => one - other);
  return new Map(left.slice(0, MAX_INTERVALS));
}
