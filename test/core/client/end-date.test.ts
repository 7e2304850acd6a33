import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { findWarning, WARNING_DAYS } from '../../../src/core/client/end-date.ts';

const DAY = 86_400;
const NOW = 1_700_000_000;

test('a member is warned 7 days and 1 day before the end date, and when it has passed', () => {
  const cases: [seconds: number, days: number | undefined][] = [
    [30 * DAY, undefined],
    [7 * DAY + 1, undefined],
    [7 * DAY, 7],
    [DAY + 1, 7],
    [DAY, 1],
    [1, 1],
    [0, 0],
    [-30 * DAY, 0],
  ];
  for (const [seconds, days] of cases) assert.equal(findWarning(NOW + seconds, NOW), days, `${seconds}`);
});

test('a lease without an end date is never warned of', () => {
  assert.equal(findWarning(undefined, NOW), undefined);
});

test('a later moment never has an earlier warning', () => {
  const order: readonly (number | undefined)[] = [undefined, ...WARNING_DAYS];
  const rank = (days: number | undefined) => order.indexOf(days);
  fc.assert(
    fc.property(fc.nat(20 * DAY), fc.nat(20 * DAY), (one, other) => {
      const [early, late] = [Math.min(one, other), Math.max(one, other)];
      assert.ok(rank(findWarning(NOW + 10 * DAY, NOW + early)) <= rank(findWarning(NOW + 10 * DAY, NOW + late)));
    }),
  );
});
