import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  beginHealth,
  findQuietSeconds,
  type Health,
  isAlive,
  isIll,
  noteLook,
} from '../../../src/core/client/health.ts';

const QUIET = { handshake: 1_700_000_000, received: 1000 };

/** Looks at a tunnel: `after` seconds awake and `asleep` seconds of sleep after the one before. */
function lookOn(looks: readonly { readonly after: number; readonly asleep?: number; readonly sign?: object }[]) {
  let now = { boot: 5000, awake: 4000 };
  let health: Health = beginHealth(QUIET, now);
  for (const { after, asleep = 0, sign = {} } of looks) {
    now = { boot: now.boot + after + asleep, awake: now.awake + after };
    health = noteLook(health, { ...health.signs, ...sign }, now);
  }
  return { isIll: isIll(health, now), quiet: findQuietSeconds(health, now) };
}

const minutes = (number: number) => Array.from({ length: number }, () => ({ after: 60 }));

describe('a tunnel', () => {
  test('is ill after 180 s without a handshake and without data', () => {
    assert.deepEqual(lookOn(minutes(2)), { isIll: false, quiet: 120 });
    assert.deepEqual(lookOn([...minutes(2), { after: 59 }]), { isIll: false, quiet: 179 });
    assert.deepEqual(lookOn(minutes(3)), { isIll: true, quiet: 180 });
  });

  const SIGNS = [
    ['data without a handshake', { received: 1001 }],
    ['a handshake without data', { handshake: QUIET.handshake + 120 }],
    ['a handshake by a clock that was set back', { handshake: QUIET.handshake - 86_400 }],
  ] as const;
  for (const [name, sign] of SIGNS)
    test(`is well again with ${name}`, () => {
      assert.deepEqual(lookOn([...minutes(5), { after: 60, sign }]), { isIll: false, quiet: 0 });
    });

  test('is given 60 s after the machine woke', () => {
    assert.equal(lookOn([{ after: 10, asleep: 8 * 3600 }]).isIll, false);
    assert.equal(lookOn([{ after: 10, asleep: 8 * 3600 }, { after: 59 }]).isIll, false);
    assert.equal(lookOn([{ after: 10, asleep: 8 * 3600 }, { after: 60 }]).isIll, true);
  });

  test('is not alive by data that may have come before a sleep, but by a handshake', () => {
    const asleep = 3600;
    const sign = { received: 1001 };
    assert.equal(lookOn([{ after: 60, asleep, sign }, { after: 60 }]).isIll, true);
    const handshake = QUIET.handshake + asleep;
    assert.equal(lookOn([{ after: 60, asleep, sign: { ...sign, handshake } }, { after: 60 }]).isIll, false);
  });

  test('is not ill sooner because the machine slept for a moment', () => {
    assert.equal(lookOn([{ after: 60, asleep: 30 }, { after: 60 }]).isIll, false);
    assert.equal(lookOn([{ after: 60, asleep: 30 }, { after: 60 }, { after: 30 }]).isIll, true);
  });
});

test('a tunnel that lost its handshake with its peer is not alive', () => {
  assert.equal(isAlive(QUIET, { handshake: 0, received: 0 }), false);
});

const looks = fc.array(
  fc.record({ after: fc.nat(120), asleep: fc.oneof(fc.constant(0), fc.integer({ min: 6, max: 100_000 })) }),
  { maxLength: 20 },
);

test('a tunnel with a sign of life at each look is never ill, however long the machine sleeps', () => {
  fc.assert(
    fc.property(looks, fc.boolean(), (list, isData) => {
      const signs = list.map((look, index) => ({
        ...look,
        sign: isData ? { received: 2000 + index } : { handshake: 1 + index },
      }));
      assert.equal(lookOn(signs).isIll, false);
    }),
  );
});

test('a tunnel without a sign of life is ill exactly if 180 s have passed, 60 s of them since the machine woke', () => {
  fc.assert(
    fc.property(looks, (list) => {
      const total = list.reduce((sum, { after, asleep }) => sum + after + asleep, 0);
      const woke = list.findLastIndex(({ asleep }) => asleep > 0);
      const awake = list.slice(woke + 1).reduce((sum, { after }) => sum + after, 0);
      assert.deepEqual(lookOn(list), { isIll: total >= 180 && awake >= 60, quiet: total });
    }),
  );
});
