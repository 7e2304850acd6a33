import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { findReminder } from '../../../src/core/mail/reminders.ts';

const DAY = 86_400;
const END = 1_790_000_000;
const LEASE = { created: END - 365 * DAY, expires: END, ended: undefined, reminded: [] };

describe('findReminder()', () => {
  const cases = [
    { what: 'none before the first of the days', now: END - 7 * DAY - 1, expected: undefined },
    { what: 'the first in the second that begins it', now: END - 7 * DAY, expected: 7 },
    { what: 'the first a pass later, if it was not sent', now: END - 6 * DAY, expected: 7 },
    { what: 'none once it was sent', now: END - 6 * DAY, lease: { reminded: [7] }, expected: undefined },
    { what: 'the second after the first', now: END - DAY, lease: { reminded: [7] }, expected: 1 },
    { what: 'only the last after a gateway was down for long', now: END - 60, expected: 1 },
    { what: 'none after the last', now: END - 60, lease: { reminded: [1] }, expected: undefined },
    { what: 'none from the end date on', now: END, expected: undefined },
    { what: 'none for a lease that was revoked', now: END - DAY, lease: { ended: END - 2 * DAY }, expected: undefined },
    { what: 'none without an end date', now: END, lease: { expires: undefined }, expected: undefined },
    { what: 'none for days that were over at the grant', now: END - 2 * DAY, lease: { created: END - 3 * DAY } },
    { what: 'none for a grant in the very second', now: END - 7 * DAY, lease: { created: END - 7 * DAY } },
    { what: 'the next one for such a lease', now: END - DAY, lease: { created: END - 3 * DAY }, expected: 1 },
    { what: 'none if the operator wants none', now: END - DAY, days: [], expected: undefined },
    { what: 'the same in any order of the days', now: END - 6 * DAY, days: [1, 7, 30], expected: 7 },
    { what: 'days that were added later', now: END - 10 * DAY, days: [14, 7, 1], expected: 14 },
  ];
  for (const { what, now, expected, lease = {}, days = [7, 1] } of cases)
    test(`finds ${what}`, () => assert.equal(findReminder({ ...LEASE, ...lease }, days, now), expected));

  test('over any passes finds none twice, none after the end, none that was over at the grant, and fewer days each time', () => {
    const days = fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { maxLength: 5 });
    const seconds = fc.integer({ min: 0, max: 50 * DAY });
    fc.assert(
      fc.property(days, seconds, fc.array(seconds, { maxLength: 30 }), (remindDays, lasts, pauses) => {
        const created = END - lasts;
        const reminded: number[] = [];
        for (let [now, turn] = [created, 0]; turn < pauses.length; now += (pauses[turn++] ?? 0) / 10) {
          const found = findReminder({ ...LEASE, created, reminded }, remindDays, now);
          if (found === undefined) continue;
          assert.ok(remindDays.includes(found) && !reminded.includes(found));
          assert.ok(found < Math.min(...reminded), 'fewer days each time');
          const since = END - found * DAY;
          assert.ok(created < since && since <= now && now < END);
          reminded.push(found);
        }
      }),
    );
  });

  test('over passes of every hour misses none', () => {
    const days = fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { maxLength: 4 });
    fc.assert(
      fc.property(days, fc.integer({ min: 1, max: 10 * DAY }), (remindDays, lasts) => {
        const created = END - lasts;
        const reminded: number[] = [];
        for (let now = created; now < END; now += 3600)
          reminded.push(...[findReminder({ ...LEASE, created, reminded }, remindDays, now) ?? []].flat());
        const expected = remindDays.filter((count) => count * DAY < lasts);
        assert.deepEqual(
          reminded,
          expected.sort((one, other) => other - one),
        );
      }),
      { numRuns: 50 },
    );
  });
});
