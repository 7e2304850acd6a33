import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { TokenBuckets } from '../../../src/core/exchange/token-buckets.ts';
import type { Source } from '../../../src/core/values/ip-address.ts';

const LIMITS = { burst: 3, perSecond: 1, remembered: 4 };
const [A, B, C] = ['192.0.2.1', '192.0.2.2', '192.0.2.3'] as Source[] as [Source, Source, Source];

test('a source has its burst at once, and then a token every second', () => {
  const buckets = new TokenBuckets(LIMITS);
  assert.deepEqual(
    [0, 0, 0, 0].map((now) => take(buckets, A, now)),
    [true, true, true, false],
  );
  assert.deepEqual(
    [999, 1000, 1001].map((now) => take(buckets, A, now)),
    [false, true, false],
  );
});

test('a bucket never holds more than its burst', () => {
  const buckets = new TokenBuckets(LIMITS);
  take(buckets, A, 0);
  const hour = 3_600_000;
  assert.deepEqual(
    [hour, hour, hour, hour].map((now) => take(buckets, A, now)),
    [true, true, true, false],
  );
});

test('a source does not lose tokens to another source', () => {
  const buckets = new TokenBuckets(LIMITS);
  while (take(buckets, A, 0));
  assert.ok(take(buckets, B, 0));
});

/** GCRA, the leaky bucket of ITU-T I.371, which allows the same: it remembers only when the next token is due. */
test('the tokens are always those of a leaky bucket', () => {
  const pauses = fc.array(fc.nat(12).map((quarters) => quarters * 250));
  fc.assert(
    fc.property(pauses, (some) => {
      const buckets = new TokenBuckets(LIMITS);
      let now = 0;
      let due = 0;
      for (const pause of some) {
        now += pause;
        const isAllowed = now >= due - 1000 * (LIMITS.burst - 1);
        assert.equal(take(buckets, A, now), isAllowed);
        if (isAllowed) due = Math.max(now, due) + 1000;
      }
    }),
  );
});

test('new limits apply at once', () => {
  const buckets = new TokenBuckets(LIMITS);
  take(buckets, A, 0);
  buckets.limits = { ...LIMITS, burst: 1 };
  assert.ok(!take(buckets, A, 0));
  buckets.limits = { ...LIMITS, burst: 2 };
  assert.ok(take(buckets, A, 0));
});

test('for any requests, the table is bounded, and a new source has a token', () => {
  const sources = fc.integer({ min: 1, max: 12 }).map((host) => `192.0.2.${host}` as Source);
  fc.assert(
    fc.property(fc.array(sources, { maxLength: 60 }), (some) => {
      const buckets = new TokenBuckets({ ...LIMITS, burst: 1, perSecond: 0 });
      for (const source of some) {
        take(buckets, source, 0);
        assert.ok(buckets.size <= LIMITS.remembered);
      }
      assert.ok(take(buckets, '198.51.100.1' as Source, 0));
    }),
  );
});

test('the source with the oldest last token is forgotten', () => {
  const buckets = new TokenBuckets({ burst: 2, perSecond: 0, remembered: 2 });
  for (const source of [A, B, A, C]) take(buckets, source, 0);
  assert.ok(!take(buckets, A, 0), 'A is remembered');
  assert.deepEqual([take(buckets, B, 0), take(buckets, B, 0)], [true, true], 'B was forgotten');
});

test('a refused source does not displace another one from the table', () => {
  const buckets = new TokenBuckets({ burst: 1, perSecond: 0, remembered: 2 });
  for (const source of [A, B]) take(buckets, source, 0);
  for (let time = 0; time < 10; time++) assert.ok(!take(buckets, A, 0) && !take(buckets, B, 0));
  assert.ok(take(buckets, C, 0));
  assert.ok(take(buckets, A, 0), 'A was the oldest, however often it asked');
});

function take(buckets: TokenBuckets, source: Source, now: number): boolean {
  const hasToken = buckets.hasToken(source, now);
  if (hasToken) buckets.take(source, now);
  return hasToken;
}
