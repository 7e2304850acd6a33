import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Claims } from '../../../src/core/peers/claims.ts';
import {
  addToHistory,
  countJoined,
  type History,
  listSpans,
  MAX_SLOTS,
  SLOT_SECONDS,
} from '../../../src/core/peers/history.ts';
import type { PublicKey } from '../../../src/core/values/public-key.ts';
import { KEYS, NOW } from '../arbitraries.ts';

const START = Math.floor(NOW / SLOT_SECONDS) * SLOT_SECONDS;
const [KEY, OTHER] = KEYS;

describe('a history', () => {
  test('has the last count of each quarter of an hour, and everybody who joined in it', () => {
    const first = addToHistory([], { alive: 5, joined: 2 }, START + 10);
    const second = addToHistory(first, { alive: 4, joined: 1 }, START + 899);
    const third = addToHistory(second, { alive: 7, joined: 0 }, START + 900);
    assert.deepEqual(third, [
      { since: START, alive: 4, joined: 3 },
      { since: START + 900, alive: 7, joined: 0 },
    ]);
    assert.deepEqual(first, [{ since: START, alive: 5, joined: 2 }], 'the earlier history does not change');
  });

  test('keeps a week', () => {
    const old = addToHistory([], { alive: 1, joined: 1 }, START);
    const week = 7 * 86_400;
    assert.equal(addToHistory(old, { alive: 2, joined: 0 }, START + week - 900).length, 2);
    assert.equal(addToHistory(old, { alive: 2, joined: 0 }, START + week).length, 1);
  });

  test('survives a clock that was behind for a pass', () => {
    const history = addToHistory([], { alive: 9, joined: 0 }, START);
    const behind = addToHistory(history, { alive: 8, joined: 0 }, 1000);
    assert.deepEqual(addToHistory(behind, { alive: 7, joined: 0 }, START + 900), [
      { since: START, alive: 9, joined: 0 },
      { since: START + 900, alive: 7, joined: 0 },
    ]);
  });

  test('is sorted and bounded, whatever the clock does', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3 * NOW }), { maxLength: 40 }), fc.nat(), (jumps, step) => {
        const full = Array.from({ length: MAX_SLOTS }, (_, index) => ({
          since: START + index * SLOT_SECONDS,
          alive: step % 7,
          joined: 1,
        }));
        const history = jumps.reduce<History>((some, now) => addToHistory(some, { alive: 1, joined: 1 }, now), full);
        assert.ok(history.length <= MAX_SLOTS);
        history.slice(1).forEach((slot, index) => {
          assert.ok(slot.since > (history[index]?.since ?? 0));
        });
      }),
    );
  });
});

describe('a router', () => {
  const LAST_PASS = NOW - 900;
  const ABSENT_SINCE = LAST_PASS - 3600;
  const claim = (last: number): Claims => new Map([[KEY, { first: last - 5, last, silentSeconds: 0 }]]);
  const CASES: readonly (readonly [name: string, last: number, claims: Claims, expected: number])[] = [
    ['joined, if it never had a handshake before', NOW - 5, new Map(), 1],
    ['joined, if its last handshake was stale at the last pass', NOW - 5, claim(ABSENT_SINCE - 1), 1],
    ['did not join, if its last handshake was not stale at the last pass', NOW - 5, claim(ABSENT_SINCE), 0],
    ['did not join, if it had no handshake since the last pass', ABSENT_SINCE - 9, claim(ABSENT_SINCE - 9), 0],
  ];
  for (const [name, last, claims, expected] of CASES) {
    test(name, () => {
      const proofs = { heard: new Map([[KEY, last]]), isPeer: (key: PublicKey) => key === KEY };
      assert.equal(countJoined(proofs, claims, ABSENT_SINCE), expected);
    });
  }

  test('that is not a peer any more did not join', () => {
    const proofs = { heard: new Map([[OTHER, NOW]]), isPeer: (key: PublicKey) => key === KEY };
    assert.equal(countJoined(proofs, new Map(), ABSENT_SINCE), 0);
  });
});

describe('the spans of a history', () => {
  const HISTORY = [
    { since: START - 1800, alive: 10, joined: 1 },
    { since: START - 900, alive: 13, joined: 2 },
    { since: START, alive: 20, joined: 4 },
  ];

  test('end with the current slot, and have the average and the sum of their slots', () => {
    assert.deepEqual(listSpans(HISTORY, NOW, 1800, 3), [
      { since: START - 4500, alive: undefined, joined: 0 },
      { since: START - 2700, alive: 10, joined: 1 },
      { since: START - 900, alive: 17, joined: 6 },
    ]);
  });

  test('have everybody who joined, however they are divided', () => {
    const spans = fc.record({ spanSeconds: fc.integer({ min: 1, max: 96 }).map((n) => n * 900), now: fc.nat(5000) });
    fc.assert(
      fc.property(spans, ({ spanSeconds, now }) => {
        const all = listSpans(HISTORY, START + 899 - (now % 900), spanSeconds, 10);
        const within = HISTORY.filter(({ since }) => since >= (all[0]?.since ?? 0));
        const sum = (list: readonly { joined: number }[]) => list.reduce((total, { joined }) => total + joined, 0);
        assert.equal(sum(all), sum(within));
      }),
    );
  });
});
