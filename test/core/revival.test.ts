import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { DomainView } from '../../src/core/admission.ts';
import type { Peer } from '../../src/core/peers.ts';
import { isForgetful, planRevival } from '../../src/core/revival.ts';
import { addressOf, COLLIDING_KEYS, KEYS, keyPool, NOW, ourPeer, situations, viewOf } from './arbitraries.ts';

const [KEY, OTHER] = KEYS;
const [TWIN, COLLIDING] = COLLIDING_KEYS[0];
const ALIVE = new Map([[KEY, NOW - 60]]);

const TABLE: readonly [name: string, peers: Peer[], surroundings: Partial<DomainView>, isBack: boolean][] = [
  ['on an empty interface', [], {}, true],
  ['beside others', [ourPeer(OTHER)], {}, true],
  ['though no key may be pending', [], { maxPending: 0 }, true],
  ['that was disallowed since', [], { disallowed: new Set([KEY]) }, false],
  ["that is the interface's own now", [], { ownKey: KEY }, false],
  ["whose address is the gateway's own now", [], { ownAddresses: new Set([addressOf(KEY)]) }, false],
  ['that is there already', [ourPeer(KEY)], {}, false],
  ['that the operator set up by hand since', [ourPeer(KEY, { allowedIps: ['10.0.0.0/8'] })], {}, false],
  ['where there is no room', [ourPeer(OTHER, { lastHandshake: NOW })], { maxPeers: 1 }, false],
  ['for which a pending one would have to go', [ourPeer(OTHER)], { maxPeers: 1, firstSeen: () => NOW - 99 }, false],
];
for (const [name, peers, surroundings, isBack] of TABLE) {
  test(`a key that was alive, ${name}, ${isBack ? 'comes' : 'does not come'} back`, () => {
    const view = viewOf(peers, surroundings);
    const added = planRevival(ALIVE, view, NOW).filter(({ kind }) => kind === 'add');
    assert.deepEqual(added, isBack ? [{ kind: 'add', router: view.peers.describe(KEY), evicted: [] }] : []);
    if (isBack) assert.ok(view.peers.ours.has(KEY));
  });
}

test('of two keys with one address the one with the later handshake comes back', () => {
  const alive = new Map([
    [COLLIDING, NOW - 1],
    [TWIN, NOW - 2],
  ]);
  assert.deepEqual(
    planRevival(alive, viewOf([]), NOW).map(({ router }) => router.key),
    [COLLIDING],
  );
});

test('peers that are there keep their place, and get their entries again', () => {
  const view = viewOf([ourPeer(OTHER), ourPeer(TWIN, { lastHandshake: NOW })]);
  const kept = planRevival(ALIVE, view, NOW).filter(({ kind }) => kind === 'keep');
  assert.deepEqual(
    kept.map(({ router }) => router.key),
    [OTHER, TWIN],
  );
});

test('whatever a domain is like, nobody goes, no limit is exceeded, and who is back was alive and is let in', () => {
  const aliveOnes = fc.uniqueArray(keyPool, { maxLength: 6 });
  fc.assert(
    fc.property(situations, aliveOnes, ({ peers, surroundings }, keys) => {
      const view = viewOf(peers, surroundings);
      const before = [...view.peers.ours.keys()];
      const changes = planRevival(new Map(keys.map((key) => [key, NOW])), view, NOW);
      const back = changes.filter(({ kind }) => kind === 'add').map(({ router }) => router.key);
      assert.ok(changes.every(({ kind, evicted }) => kind !== 'reset' && evicted.length === 0));
      assert.deepEqual([...view.peers.ours.keys()], [...before, ...back]);
      assert.ok(view.peers.ours.size <= Math.max(view.maxPeers, before.length));
      assert.ok(back.every((key) => keys.includes(key) && !view.disallowed.has(key)));
    }),
  );
});

for (const [name, alive, interfaces, peers, expected] of [
  ['nobody was alive', new Map(), 'other', [], false],
  ['all is as it was', ALIVE, 'same', [ourPeer(KEY)], false],
  ['one of several is gone', new Map([...ALIVE, [OTHER, NOW]]), 'same', [ourPeer(OTHER)], false],
  ['all are gone', ALIVE, 'same', [ourPeer(OTHER)], true],
  ['the interfaces are others', ALIVE, 'other', [ourPeer(KEY)], true],
] as const) {
  test(`where ${name}, there is ${expected ? 'something' : 'nothing'} to put back`, () => {
    assert.equal(isForgetful({ alive, interfaces }, { interfaces: 'same', peers: viewOf(peers).peers }), expected);
  });
}
