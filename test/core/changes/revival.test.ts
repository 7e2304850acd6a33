import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { findGone, findLost, planRevival } from '../../../src/core/changes/revival.ts';
import type { Registration } from '../../../src/core/peers/record.ts';
import type { Peer } from '../../../src/core/values/peer.ts';
import type { PublicKey } from '../../../src/core/values/public-key.ts';
import {
  addressOf,
  COLLIDING_KEYS,
  KEYS,
  keyPool,
  MOMENT,
  NOW,
  operatorsPeer,
  ourPeer,
  type Surroundings,
  situations,
  viewOf,
} from '../arbitraries.ts';

const [KEY, OTHER, THIRD, FOURTH] = KEYS;
const [TWIN, COLLIDING] = COLLIDING_KEYS[0];
const alive = (secondsAgo = 60, more: Partial<Registration> = {}): Partial<Registration> => {
  return { heard: { at: NOW - secondsAgo, readAt: MOMENT.monotonic }, ...more };
};
const known = (...keys: PublicKey[]) => new Map(keys.map((key) => [key, alive()]));
const HERE = { lastHandshake: NOW };

const PLACES: readonly [name: string, peers: Peer[], surroundings: Surroundings, isBack: boolean][] = [
  ['on an empty interface', [], {}, true],
  ['alongside others', [ourPeer(OTHER)], {}, true],
  ['although no key may be pending', [], { maxPending: 0 }, true],
  ['that has since been disallowed', [], { lists: { disallowed: new Set([KEY]) } }, false],
  ['that is no longer allowed', [], { lists: { allowed: new Set() } }, false],
  ['while a list cannot be read', [], { lists: { problems: ['gone'] } }, false],
  ['while the record cannot be written', [], { unrecordable: 'full' }, false],
  ["that is now the interface's own", [], { ownKey: KEY }, false],
  ["whose address is now the gateway's own", [], { ownAddresses: new Set([addressOf(KEY)]) }, false],
  ["whose address is now an operator's", [operatorsPeer(OTHER, `${addressOf(KEY)}/128`)], {}, false],
  ['that is already a peer', [ourPeer(KEY)], {}, false],
  ['that the operator has since set up by hand', [operatorsPeer(KEY, '10.0.0.0/8')], {}, false],
  ['in a full domain', [ourPeer(OTHER, HERE)], { maxPeers: 1 }, false],
  ['for which a pending key would be evicted', [ourPeer(OTHER)], { maxPeers: 1 }, false],
];
for (const [name, peers, surroundings, isBack] of PLACES) {
  test(`a key that was alive, ${name}, ${isBack ? 'is' : 'is not'} restored`, () => {
    const view = viewOf(peers, { ...surroundings, registrations: known(KEY) });
    const [restored] = planRevival([KEY], view);
    assert.deepEqual(
      restored?.change,
      isBack ? { kind: 'add', router: view.peers.describe(KEY), evicted: [] } : undefined,
    );
    if (restored === undefined) return;
    assert.ok(view.peers.ours.has(KEY) && !view.peers.pending.has(KEY));
    assert.equal(view.record.registrations.get(KEY)?.restores, 1);
    assert.equal(restored.lines.length, 1);
  });
}

/** The keys that count as lost, if only those in `peers` are still peers. */
const LOSSES: readonly [string, Map<PublicKey, Partial<Registration>>, PublicKey[], boolean, PublicKey[]][] = [
  ['no key was alive', new Map(), [], true, []],
  ['all are peers', known(KEY, OTHER), [KEY, OTHER], false, []],
  ['the only one is gone', known(KEY), [], false, [KEY]],
  ['one of two is gone', known(KEY, OTHER), [OTHER], false, []],
  ['two of three are gone, which an operator may have done', known(KEY, OTHER, THIRD), [OTHER], false, []],
  ['three of four are gone', known(KEY, OTHER, THIRD, FOURTH), [OTHER], false, [KEY, THIRD, FOURTH]],
  ['three of six are gone, which is half', known(...KEYS, TWIN, COLLIDING_KEYS[1][0]), [KEY, OTHER, TWIN], false, []],
  ['one of two is gone and the interface is new', known(KEY, OTHER), [OTHER], true, [KEY]],
  ['it was heard an hour ago', new Map([[KEY, alive(3600)]]), [], true, [KEY]],
  ['it was heard more than an hour ago', new Map([[KEY, alive(3601)]]), [], true, []],
  ['it was restored twice', new Map([[KEY, alive(60, { restores: 2 })]]), [], true, [KEY]],
  ['it was restored three times', new Map([[KEY, alive(60, { restores: 3 })]]), [], true, []],
  ['it was removed on purpose', new Map([[KEY, alive(60, { isLeaving: true })]]), [], true, []],
];
for (const [name, registrations, present, isNew, expected] of LOSSES) {
  test(`if ${name}, ${expected.length === 0 ? 'no keys are' : 'keys are'} lost`, () => {
    const view = viewOf(
      present.map((key) => ourPeer(key, HERE)),
      { registrations },
    );
    assert.deepEqual(findLost(view, isNew), expected);
  });
}

test('of two keys with one address, the one with the later handshake is restored', () => {
  const registrations = new Map([
    [TWIN, alive(2)],
    [COLLIDING, alive(1)],
  ]);
  const view = viewOf([], { registrations });
  assert.deepEqual(
    planRevival(findLost(view, true), view).map(({ change }) => change.router.key),
    [COLLIDING],
  );
});

test('a key is gone if it is not a peer and will not be restored', () => {
  const registrations = new Map([
    ...known(KEY),
    [OTHER, alive(60, { restores: 3 })],
    [THIRD, {}],
    [FOURTH, {}],
  ] as const);
  const view = viewOf([ourPeer(FOURTH)], { registrations });
  assert.deepEqual(findGone(view), [OTHER, THIRD]);
});

test('in any domain, a revival evicts no peer, exceeds no limit, and restores only keys that were alive and are admitted', () => {
  fc.assert(
    fc.property(situations, fc.uniqueArray(keyPool, { maxLength: 6 }), ({ peers, surroundings }, keys) => {
      const registrations = new Map([...(surroundings.registrations ?? []), ...known(...keys)]);
      const view = viewOf(peers, { ...surroundings, registrations });
      const before = [...view.peers.ours.keys()];
      const lost = findLost(view, true);
      const planned = planRevival(lost, view).map(({ change }) => change);
      assert.ok(planned.every(({ kind, evicted }) => kind === 'add' && evicted.length === 0));
      const back = planned.map(({ router }) => router.key);
      assert.deepEqual([...view.peers.ours.keys()], [...before, ...back]);
      assert.ok(view.peers.ours.size <= Math.max(view.maxPeers, before.length));
      assert.ok(back.every((key) => lost.includes(key) && !view.lists.disallowed.has(key)));
      assert.ok(back.every((key) => (view.record.registrations.get(key)?.restores ?? 9) <= 3));
    }),
  );
});
