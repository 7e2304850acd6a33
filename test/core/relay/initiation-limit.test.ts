import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { InitiationLimit } from '../../../src/core/relay/initiation-limit.ts';

test('five handshakes pass at once, and the next one when the first is 5 s old', () => {
  const limit = new InitiationLimit();
  const times = [0, 1, 2, 3, 4, 5, 4999, 5000, 5000, 5001];
  assert.deepEqual(
    times.map((time) => limit.take(time)),
    [true, true, true, true, true, false, false, true, false, true],
  );
});

test('a router that asks every 5 s is never refused', () => {
  const limit = new InitiationLimit();
  for (let time = 0; time < 100_000; time += 5000) assert.ok(limit.take(time));
});

test('no 5 s ever have more than five', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 3000 }), { maxLength: 100 }), (gaps) => {
      const limit = new InitiationLimit();
      let now = 0;
      const times = gaps.flatMap((gap) => {
        now += gap;
        return limit.take(now) ? [now] : [];
      });
      for (const time of times) assert.ok(times.filter((other) => other >= time && other < time + 5000).length <= 5);
    }),
  );
});
