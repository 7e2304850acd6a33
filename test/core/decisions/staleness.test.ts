import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { judgePeer, updateMarks, type Verdict } from '../../../src/core/decisions/staleness.ts';
import type { Peer } from '../../../src/core/values/peer.ts';
import { KEYS, NOW } from '../arbitraries.ts';

const LIMITS = { staleAfterSeconds: 3600, secondLookSeconds: 900 };
const heard = (secondsAgo: number) => NOW - secondsAgo;
const at = (unix: number) => ({ unix, monotonic: unix - NOW + 50_000 });

const CASES: readonly (readonly [string, Peer['lastHandshake'], number | undefined, Verdict])[] = [
  ['a handshake just now', heard(0), undefined, 'alive'],
  ['a handshake exactly 3600 s ago', heard(3600), undefined, 'alive'],
  ['a handshake in the future, as after a clock set back', heard(-500), undefined, 'alive'],
  ['a handshake more than 3600 s ago', heard(3600.5), undefined, 'marked'],
  ['never a handshake', 'never', undefined, 'marked'],
  ['a handshake since its mark', heard(10), heard(2000), 'revived'],
  ['a mark just now', 'never', heard(0), 'waiting'],
  ['a mark a minute ago, as from a run by hand', heard(9000), heard(60), 'waiting'],
  ['a mark exactly 900 s ago', heard(9000), heard(900), 'expired'],
  ['a mark 5 % less than 900 s ago', 'never', heard(855), 'expired'],
  ['a mark more than 5 % less than 900 s ago', 'never', heard(854), 'waiting'],
  ['a mark long ago', 'never', heard(90_000), 'expired'],
  ['a mark from the future', 'never', heard(-1), 'marked'],
];
for (const [name, last, markedAt, verdict] of CASES) {
  test(`a peer with ${name} is ${verdict}`, () => {
    assert.equal(judgePeer({ heard: last, isAllowed: true }, markedAt, LIMITS, at(NOW)), verdict);
  });
}

for (const [markedAt, verdict] of [
  [undefined, 'marked'],
  [heard(854), 'waiting'],
  [heard(900), 'expired'],
] as const) {
  test(`a live peer that is no longer in allowed_keys is ${verdict} with the mark ${markedAt}`, () => {
    assert.equal(judgePeer({ heard: NOW, isAllowed: false }, markedAt, LIMITS, at(NOW)), verdict);
  });
}

test('only a stale peer has a mark, and a mark keeps its time', () => {
  const marks = new Map([
    [KEYS[0], NOW - 100],
    [KEYS[1], NOW + 100],
    [KEYS[2], NOW - 5000],
  ]);
  const verdicts = new Map<(typeof KEYS)[number], Verdict>([
    [KEYS[0], 'waiting'],
    [KEYS[1], 'marked'],
    [KEYS[2], 'revived'],
    [KEYS[3], 'marked'],
  ]);
  const expected = new Map([
    [KEYS[0], NOW - 100],
    [KEYS[1], NOW],
    [KEYS[3], NOW],
  ]);
  assert.deepEqual(updateMarks(marks, verdicts, NOW + 0.7), expected);
});

test('a peer that expired and could not be removed keeps its mark', () => {
  const marks = new Map([[KEYS[0], NOW - 1000]]);
  assert.deepEqual(updateMarks(marks, new Map([[KEYS[0], 'expired']]), NOW), marks);
});

test('a peer that is gone has no mark', () => {
  assert.deepEqual(updateMarks(new Map([[KEYS[0], NOW]]), new Map(), NOW), new Map());
});

test('whenever passes run, a peer is removed only after a timely second look, and never while it is alive', () => {
  const pauses = fc.array(fc.integer({ min: 1, max: 2000 }), { maxLength: 12 });
  const handshakes = fc.oneof(fc.constant('never' as const), fc.integer({ min: NOW - 10_000, max: NOW + 10_000 }));
  fc.assert(
    fc.property(pauses, handshakes, (some, lastHandshake) => {
      const key = KEYS[0];
      let marks: ReadonlyMap<(typeof KEYS)[number], number> = new Map();
      let firstStale: number | undefined;
      let now = NOW;
      for (const pause of some) {
        now += pause;
        const isStale = lastHandshake === 'never' || now - lastHandshake > 3600;
        const verdict = judgePeer({ heard: lastHandshake, isAllowed: true }, marks.get(key), LIMITS, at(now));
        assert.equal(verdict === 'expired', isStale && firstStale !== undefined && now - firstStale >= 855);
        if (isStale) firstStale ??= now;
        marks = updateMarks(marks, new Map([[key, verdict]]), now);
      }
    }),
  );
});
