import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  type Activity,
  countExchanges,
  findLastExchange,
  INTERVAL_SECONDS,
  listLastDay,
  MAX_INTERVALS,
  mergeActivity,
  NO_ACTIVITY,
  OUTCOMES,
  type OutcomeCounts,
  REMEMBERED_SECONDS,
} from '../../../src/core/exchange/activity.ts';

/** The start of an interval. */
const START = 1_700_000_400;
const NONE = { joined: 0, refused: 0, failed: 0 };

const since = (activity: Activity) => [...activity.intervals.keys()];

describe('exchanges', () => {
  test('are counted by outcome, in the ten minutes in which they ended', () => {
    const first = countExchanges(NO_ACTIVITY, 'joined', 2, START);
    const second = countExchanges(first, 'refused', 3, START + 599.9);
    const third = countExchanges(second, 'failed', 1, START + 600);
    assert.deepEqual(
      third.intervals,
      new Map([
        [START, { joined: 2, refused: 3, failed: 0 }],
        [START + 600, { joined: 0, refused: 0, failed: 1 }],
      ]),
    );
    assert.deepEqual(NO_ACTIVITY.intervals.size, 0, 'the earlier activity does not change');
  });

  test('that were refused or failed do not count as the last successful one', () => {
    const activity = countExchanges(NO_ACTIVITY, 'refused', 1, START);
    assert.equal(findLastExchange(activity, START), undefined);
    const joined = countExchanges(activity, 'joined', 1, START + 5.7);
    assert.equal(findLastExchange(countExchanges(joined, 'failed', 1, START + 9), START + 9), START + 5);
  });

  test('are forgotten after a day, except for the time of the last one', () => {
    const old = countExchanges(NO_ACTIVITY, 'joined', 1, START);
    const within = countExchanges(old, 'refused', 1, START + REMEMBERED_SECONDS - 1);
    assert.deepEqual(since(within), [START, START + REMEMBERED_SECONDS - INTERVAL_SECONDS]);
    const beyond = countExchanges(old, 'refused', 1, START + REMEMBERED_SECONDS);
    assert.deepEqual(since(beyond), [START + REMEMBERED_SECONDS]);
    assert.equal(findLastExchange(beyond, START + REMEMBERED_SECONDS), START);
  });

  test('of a later activity are added to an earlier one', () => {
    const earlier = countExchanges(countExchanges(NO_ACTIVITY, 'joined', 1, START - 600), 'joined', 2, START);
    const later = countExchanges(NO_ACTIVITY, 'refused', 5, START + 1);
    assert.deepEqual(mergeActivity(earlier, later, START + 60), {
      lastExchange: START,
      intervals: new Map([
        [START - 600, { ...NONE, joined: 1 }],
        [START, { ...NONE, joined: 2, refused: 5 }],
      ]),
    });
    assert.equal(mergeActivity(earlier, countExchanges(later, 'joined', 1, START + 2), START).lastExchange, START + 2);
  });
});

describe('the last day', () => {
  test('has all its intervals, including empty ones', () => {
    const activity = countExchanges(NO_ACTIVITY, 'joined', 7, START);
    const day = listLastDay(activity, START + 601);
    assert.equal(day.length, MAX_INTERVALS);
    assert.deepEqual(day.slice(-2), [
      { since: START, counts: { ...NONE, joined: 7 } },
      { since: START + 600, counts: NONE },
    ]);
    assert.deepEqual(day[0], { since: START + 1200 - REMEMBERED_SECONDS, counts: NONE });
  });

  test('has no exchanges from the future', () => {
    const activity = countExchanges(NO_ACTIVITY, 'joined', 7, START + 600);
    assert.ok(listLastDay(activity, START).every(({ counts }) => counts.joined === 0));
  });
});

describe('a clock', () => {
  const day = Array.from({ length: MAX_INTERVALS }, (_, index) => START + index * INTERVAL_SECONDS).reduce(
    (activity, now) => countExchanges(activity, 'joined', 1, now),
    NO_ACTIVITY,
  );
  const last = START + REMEMBERED_SECONDS - INTERVAL_SECONDS;

  test('that is behind for a while loses only the end of the correct intervals', () => {
    const behind = countExchanges(day, 'joined', 1, START - 50_000);
    const again = countExchanges(behind, 'joined', 1, last);
    assert.deepEqual(since(again), since(day).slice(0, -1).concat(last));
    assert.equal(again.intervals.size, MAX_INTERVALS);
  });

  test('that was ahead does not block exchanges after it is corrected', () => {
    const ahead = countExchanges(NO_ACTIVITY, 'joined', 1, last + 10 * REMEMBERED_SECONDS);
    const right = [...day.intervals.keys()].reduce((some, now) => countExchanges(some, 'refused', 1, now), ahead);
    assert.deepEqual(since(right), since(day));
    assert.equal(findLastExchange(ahead, last), undefined, 'no exchange was in the future');
  });
});

describe('the activity of any exchanges at any times', () => {
  // Often within an hour, so that some share an interval.
  const times = fc.oneof(fc.nat(3600), fc.nat(4 * REMEMBERED_SECONDS));
  const events = fc.array(fc.tuple(fc.constantFrom(...OUTCOMES), fc.nat(1000), times), { maxLength: 400 });

  test('is bounded and in order, and its counts are exact for everything that is not forgotten', () => {
    fc.assert(
      fc.property(events, (some) => {
        const activity = some.reduce(
          (so, [outcome, times, now]) => countExchanges(so, outcome, times, now),
          NO_ACTIVITY,
        );
        assert.ok(activity.intervals.size <= MAX_INTERVALS);
        assert.deepEqual(
          since(activity),
          since(activity).sort((one, other) => one - other),
        );
        for (const [start, counts] of activity.intervals) {
          assert.equal(start % INTERVAL_SECONDS, 0);
          const came = some.filter(([, , now]) => now >= start && now < start + INTERVAL_SECONDS);
          for (const outcome of OUTCOMES) assert.ok(counts[outcome] <= sum(came, outcome));
        }
      }),
    );
  });

  test('loses nothing of the last day while the clock runs forward, whether counted at once or in parts', () => {
    fc.assert(
      fc.property(events, fc.nat(400), (some, cut) => {
        const inOrder = [...some].sort((one, other) => one[2] - other[2]);
        const now = inOrder.at(-1)?.[2] ?? 0;
        const count = (part: typeof some) =>
          part.reduce((so, [outcome, times, at]) => countExchanges(so, outcome, times, at), NO_ACTIVITY);
        const whole = count(inOrder);
        assert.deepEqual(mergeActivity(count(inOrder.slice(0, cut)), count(inOrder.slice(cut)), now), whole);
        const start = (Math.floor(now / INTERVAL_SECONDS) + 1) * INTERVAL_SECONDS - REMEMBERED_SECONDS;
        const recent = inOrder.filter(([, , at]) => at >= start);
        for (const outcome of OUTCOMES)
          assert.equal(
            total(
              listLastDay(whole, now).map(({ counts }) => counts),
              outcome,
            ),
            sum(recent, outcome),
          );
      }),
    );
  });
});

function sum(events: readonly (readonly [string, number, number])[], outcome: string): number {
  return events.filter(([which]) => which === outcome).reduce((all, [, times]) => all + times, 0);
}

function total(counts: readonly OutcomeCounts[], outcome: keyof OutcomeCounts): number {
  return counts.reduce((all, one) => all + one[outcome], 0);
}
