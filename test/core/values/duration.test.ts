import assert from 'node:assert/strict';
import test from 'node:test';
import { formatDuration } from '../../../src/core/values/duration.ts';

const DURATIONS = [
  [-1, '0 s'],
  [0, '0 s'],
  [0.9, '0 s'],
  [59.9, '59 s'],
  [60, '1 min'],
  [3599, '59 min'],
  [3600, '1 h'],
  [86_399, '23 h'],
  [86_400, '1 d'],
  [9 * 86_400 + 5, '9 d'],
] as const;
for (const [seconds, expected] of DURATIONS) {
  test(`${seconds} seconds are ${expected}`, () => {
    assert.equal(formatDuration(seconds), expected);
  });
}
