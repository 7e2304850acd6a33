import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Pauses } from '../../../src/core/client/pauses.ts';

describe('a gateway that fails', () => {
  test('is left out for a minute, then for twice as long each time, up to an hour', () => {
    const pauses = new Pauses<string>();
    const seconds = Array.from({ length: 9 }, () => pauses.fail('gw1', 0));
    assert.deepEqual(seconds, [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]);
  });

  test('is tried again when its pause is over, and not before', () => {
    const pauses = new Pauses<string>();
    pauses.fail('gw1', 1000);
    assert.deepEqual(
      [1000, 1059.9, 1060].map((now) => pauses.isPaused('gw1', now)),
      [true, true, false],
    );
    assert.deepEqual(
      [1000, 1045, 1100].map((now) => pauses.findSeconds('gw1', now)),
      [60, 15, 0],
    );
  });

  test('is forgiven alone, or with all others', () => {
    const pauses = new Pauses<string>();
    const isPaused = () => ['gw1', 'gw2', 'gw3'].map((gateway) => pauses.isPaused(gateway, 1));
    for (const gateway of ['gw1', 'gw2']) pauses.fail(gateway, 0);
    assert.deepEqual(isPaused(), [true, true, false]);
    pauses.forgive('gw1');
    assert.deepEqual(isPaused(), [false, true, false]);
    pauses.forgiveAll();
    assert.deepEqual(isPaused(), [false, false, false]);
    assert.equal(pauses.fail('gw2', 0), 60);
  });
});

test('a pause has 60 s to 3600 s, ends then, and concerns one gateway', () => {
  const gateway = fc.constantFrom('gw1', 'gw2', 'gw3');
  fc.assert(
    fc.property(fc.array(fc.tuple(gateway, fc.nat(1e6)), { maxLength: 40 }), (history) => {
      const pauses = new Pauses<string>();
      const ends = new Map<string, number>();
      for (const [failed, now] of history) {
        const seconds = pauses.fail(failed, now);
        assert.ok(seconds >= 60 && seconds <= 3600);
        ends.set(failed, now + seconds);
      }
      for (const each of ['gw1', 'gw2', 'gw3']) {
        const end = ends.get(each) ?? 0;
        assert.equal(pauses.isPaused(each, end), false);
        assert.equal(pauses.isPaused(each, end - 1), ends.has(each));
      }
    }),
  );
});
