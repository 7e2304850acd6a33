import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { derivePauseSeconds } from '../../../src/core/relay/pause.ts';

test('a pause lasts 1 s to 60 s, however often it failed', () => {
  fc.assert(
    fc.property(fc.nat(), fc.double({ min: 0, max: 1, noNaN: true }), (failures, chance) => {
      const seconds = derivePauseSeconds(failures, chance);
      assert.ok(seconds >= 1 && seconds <= 60, `${seconds}`);
    }),
  );
});

test('the longest pause doubles up to 60 s', () => {
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5, 6, 50].map((failures) => derivePauseSeconds(failures, 1)),
    [2, 4, 8, 16, 32, 60, 60, 60],
  );
});

test('clients that failed together come back at different times', () => {
  assert.deepEqual(
    [0, 0.25, 0.5, 1].map((chance) => derivePauseSeconds(2, chance)),
    [1, 2.75, 4.5, 8],
  );
});
