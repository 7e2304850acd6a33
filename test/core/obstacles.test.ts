import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type DomainView, decideAdmission } from '../../src/core/admission.ts';
import { parseIpAddress } from '../../src/core/ip-address.ts';
import { findObstacles, type Obstacle } from '../../src/core/obstacles.ts';
import { PeerTable } from '../../src/core/peer-table.ts';
import type { Peer } from '../../src/core/peers.ts';
import { addressOf, COLLIDING_KEYS, KEYS, keyPool, NOW, ourPeer, situations, viewOf } from './arbitraries.ts';

const [KEY, OTHER] = KEYS;
const [TWIN, COLLIDING] = COLLIDING_KEYS[0];
const alive = { lastHandshake: NOW - 3600 };
const stale = { lastHandshake: NOW - 3601 };

const CASES: readonly (readonly [string, typeof KEY, Peer[], Partial<DomainView>, Obstacle[]])[] = [
  ['nothing', KEY, [ourPeer(OTHER)], {}, []],
  [
    'the list of disallowed keys',
    KEY,
    [],
    { disallowed: new Set([KEY]) },
    [{ kind: 'disallowed', code: 'PROHIBITED_WGKEY' }],
  ],
  ["that it is the gateway's own", KEY, [], { ownKey: KEY }, [{ kind: 'own-key', code: 'PROHIBITED_WGKEY' }]],
  [
    'an address of the gateway',
    KEY,
    [],
    { ownAddresses: new Set([addressOf(KEY)]) },
    [{ kind: 'own-address', code: 'ADDRESS_TAKEN' }],
  ],
  [
    "an operator's peer that has its address",
    KEY,
    [ourPeer(OTHER, { allowedIps: ['10.0.0.0/8', `${addressOf(KEY)}/128`] })],
    {},
    [{ kind: 'operators-address', code: 'ADDRESS_TAKEN', holder: OTHER }],
  ],
  [
    'a living key with its address',
    TWIN,
    [ourPeer(COLLIDING, alive)],
    {},
    [{ kind: 'same-address', code: 'ADDRESS_TAKEN', holder: COLLIDING }],
  ],
  [
    'a stale key with its address, which would go, full or not',
    TWIN,
    [ourPeer(COLLIDING, stale)],
    { maxPeers: 1 },
    [{ kind: 'same-address', code: undefined, holder: COLLIDING }],
  ],
  ['a domain that is full', KEY, [ourPeer(OTHER, alive)], { maxPeers: 1 }, [{ kind: 'peers', code: 'FULL' }]],
  ['too many that never connected', KEY, [ourPeer(OTHER)], { maxPending: 1 }, [{ kind: 'pending', code: 'FULL' }]],
  [
    'two things at once',
    KEY,
    [ourPeer(OTHER)],
    { disallowed: new Set([KEY]), maxPeers: 1, maxPending: 1 },
    [
      { kind: 'disallowed', code: 'PROHIBITED_WGKEY' },
      { kind: 'peers', code: 'FULL' },
      { kind: 'pending', code: 'FULL' },
    ],
  ],
];
for (const [name, key, peers, surroundings, expected] of CASES) {
  test(`in the way of a key is ${name}`, () => {
    assert.deepEqual(findObstacles(key, viewOf(peers, surroundings), NOW), expected);
  });
}

test('in the way of a key is one with its address that was put back, and whose handshake the kernel forgot', () => {
  const peers = new PeerTable([ourPeer(COLLIDING)], 'eui64', new Map([[COLLIDING, NOW - 60]]));
  const expected = [{ kind: 'same-address', code: 'ADDRESS_TAKEN', holder: COLLIDING }];
  assert.deepEqual(findObstacles(TWIN, viewOf([], { peers }), NOW), expected);
});

test('a key that is not there would be told what the first obstacle says, and be let in where there is none', () => {
  const from = parseIpAddress('2001:db8::1');
  fc.assert(
    fc.property(keyPool, situations, (key, { peers, surroundings }) => {
      fc.pre(!peers.some((peer) => peer.key === key));
      // So that nobody had a minute to connect and makes room.
      const view = viewOf(peers, { ...surroundings, firstSeen: () => NOW });
      const [first] = findObstacles(key, view, NOW).filter(({ code }) => code !== undefined);
      const decision = decideAdmission({ key, from }, view, NOW);
      assert.equal(decision.kind === 'refuse' ? decision.code : undefined, first?.code);
    }),
  );
});
