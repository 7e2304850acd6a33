import assert from 'node:assert/strict';
import test from 'node:test';
import { type Claim, type Claims, ClaimTable, updateClaims } from '../../../src/core/peers/claims.ts';
import type { PublicKey } from '../../../src/core/values/public-key.ts';
import { addressOf, COLLIDING_KEYS, KEYS, NOW } from '../arbitraries.ts';

const [KEY, OTHER, THIRD, FOURTH] = KEYS;
const DAY = 86_400;
const claim = (silentSeconds: number, provedSeconds = 0): Claim => {
  return { first: NOW - 10 * DAY - provedSeconds, last: NOW - 10 * DAY, silentSeconds };
};
const nothing = { heard: new Map<PublicKey, number>(), isPeer: () => false };
const passed = (claims: Claims, seconds: number) => updateClaims(claims, nothing, seconds, 100).get(KEY)?.silentSeconds;

for (const [seconds, counted] of [
  [900, 900],
  [3600, 3600],
  [90_000, 3600],
  [-5, 0],
] as const) {
  test(`a pass ${seconds} s after the last one counts ${counted} s`, () => {
    assert.equal(passed(new Map([[KEY, claim(100)]]), seconds), 100 + counted);
  });
}

test('a claim ends after 30 days, unless its peer is there', () => {
  const claims = new Map([[KEY, claim(30 * DAY - 900)]]);
  assert.equal(passed(claims, 899), 30 * DAY - 1);
  assert.equal(passed(claims, 900), undefined);
  assert.ok(updateClaims(claims, { ...nothing, isPeer: () => true }, 900, 100).has(KEY));
});

test('a handshake begins a claim, and a later one renews it and keeps its beginning', () => {
  const begun = updateClaims(new Map(), { ...nothing, heard: new Map([[KEY, NOW]]) }, 900, 100);
  assert.deepEqual(begun.get(KEY), { first: NOW, last: NOW, silentSeconds: 0 });
  const same = updateClaims(begun, { ...nothing, heard: new Map([[KEY, NOW]]) }, 900, 100);
  assert.deepEqual(same.get(KEY), { first: NOW, last: NOW, silentSeconds: 900 });
  const renewed = updateClaims(same, { ...nothing, heard: new Map([[KEY, NOW + 1000]]) }, 900, 100);
  assert.deepEqual(renewed.get(KEY), { first: NOW, last: NOW + 1000, silentSeconds: 0 });
});

test('there are at most twice max_peers claims; those with the shortest proof are dropped first, those of peers never', () => {
  const claims = new Map([
    [KEY, claim(0, 5)],
    [OTHER, claim(0, 0)],
    [THIRD, claim(0, 10)],
    [FOURTH, claim(0, 7)],
  ]);
  const kept = (isPeer: (key: PublicKey) => boolean) =>
    new Set(updateClaims(claims, { ...nothing, isPeer }, 1, 1).keys());
  assert.deepEqual(
    kept(() => false),
    new Set([THIRD, FOURTH]),
  );
  assert.deepEqual(
    kept((key) => key === OTHER),
    new Set([OTHER, THIRD]),
  );
  assert.deepEqual(
    kept(() => true),
    new Set(KEYS),
  );
});

test('an address is claimed by the key that claimed it first', () => {
  const [twin, colliding] = COLLIDING_KEYS[0];
  const table = new ClaimTable(
    new Map([
      [colliding, claim(0)],
      [twin, claim(0)],
    ]),
    addressOf,
  );
  assert.equal(table.findClaimant(addressOf(twin)), colliding);
  assert.equal(table.findClaimant(addressOf(KEY)), undefined);
  assert.deepEqual([table.has(twin), table.has(KEY)], [true, false]);
});
