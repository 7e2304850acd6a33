import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type Decision, type DomainView, decideAdmission } from '../../src/core/admission.ts';
import { parseIpAddress } from '../../src/core/ip-address.ts';
import type { Peer } from '../../src/core/peers.ts';
import type { PublicKey } from '../../src/core/public-key.ts';
import { addressOf, COLLIDING_KEYS, KEYS, keyPool, NOW, ourPeer, situations, viewOf } from './arbitraries.ts';

const [KEY, OTHER] = KEYS;
const [TWIN, COLLIDING] = COLLIDING_KEYS[0];
const HERE = parseIpAddress('2001:db8::1');
const THERE = parseIpAddress('2001:db8::2');
const heard = (secondsAgo: number, endpoint = THERE) => ({ lastHandshake: NOW - secondsAgo, endpoint });
const operators = (key: PublicKey, ...allowedIps: string[]) => ourPeer(key, { allowedIps });

const PROHIBITED: Decision = { kind: 'refuse', code: 'PROHIBITED_WGKEY' };
const TAKEN: Decision = { kind: 'refuse', code: 'ADDRESS_TAKEN' };
const FULL: Decision = { kind: 'refuse', code: 'FULL' };
const KEEP: Decision = { kind: 'keep' };
const RESET: Decision = { kind: 'reset' };
const add = (...evicted: PublicKey[]): Decision => ({ kind: 'add', evicted });

type Row = readonly [
  name: string,
  key: PublicKey,
  peers: Peer[],
  surroundings: Partial<DomainView>,
  expected: Decision,
];

const TABLE: readonly Row[] = [
  ['a disallowed key', KEY, [], { disallowed: new Set([KEY]) }, PROHIBITED],
  ['a disallowed key with a live session', KEY, [ourPeer(KEY, heard(1))], { disallowed: new Set([KEY]) }, PROHIBITED],
  ["the interface's own key", KEY, [], { ownKey: KEY }, PROHIBITED],

  ["an operator's peer with a network", KEY, [operators(KEY, 'fe80::/64')], {}, PROHIBITED],
  ["an operator's peer with no address", KEY, [operators(KEY)], {}, PROHIBITED],
  [
    "an operator's peer with its derived address and more",
    KEY,
    [operators(KEY, `${addressOf(KEY)}/128`, '10.0.0.0/8')],
    {},
    PROHIBITED,
  ],
  ["an operator's peer with another address", KEY, [operators(KEY, 'fe80::1/128')], {}, PROHIBITED],

  ['a live session of somebody else', KEY, [ourPeer(KEY, heard(1))], {}, KEEP],
  ['a session of somebody else exactly 180 s ago', KEY, [ourPeer(KEY, heard(180))], {}, KEEP],
  ['a session of somebody else in the future', KEY, [ourPeer(KEY, heard(-60))], {}, KEEP],
  ['a session of somebody else 181 s ago', KEY, [ourPeer(KEY, heard(181))], {}, RESET],
  ['a live session from where the request comes', KEY, [ourPeer(KEY, heard(1, HERE))], {}, RESET],
  ['a key that never had a handshake', KEY, [ourPeer(KEY)], {}, RESET],
  ['a stale key', KEY, [ourPeer(KEY, heard(90_000))], {}, RESET],

  ['a new key', KEY, [], {}, add()],
  ['a new key beside others', KEY, [ourPeer(OTHER, heard(1)), operators(TWIN, '10.0.0.0/8')], {}, add()],
  ["a new key whose address is the gateway's own", KEY, [], { ownAddresses: new Set([addressOf(KEY)]) }, TAKEN],
  ["a new key whose address an operator's peer has", KEY, [operators(OTHER, `${addressOf(KEY)}/128`)], {}, TAKEN],
  [
    "a new key whose address an operator's peer has with others",
    KEY,
    [operators(OTHER, '10.0.0.0/8', `${addressOf(KEY)}/128`)],
    {},
    TAKEN,
  ],
  ['a new key whose address a live key has', TWIN, [ourPeer(COLLIDING, heard(1))], {}, TAKEN],
  ['a new key whose address a key has that was heard 3600 s ago', TWIN, [ourPeer(COLLIDING, heard(3600))], {}, TAKEN],
  [
    'a new key whose address a key has that was heard 3601 s ago',
    TWIN,
    [ourPeer(COLLIDING, heard(3601))],
    {},
    add(COLLIDING),
  ],
  ['a new key whose address a key has that was never heard', TWIN, [ourPeer(COLLIDING)], {}, add(COLLIDING)],
];
for (const [name, key, peers, surroundings, expected] of TABLE) {
  test(`${name}: ${describe(expected)}`, () => {
    assert.deepEqual(decideAdmission({ key, from: HERE }, viewOf(peers, surroundings), NOW), expected);
  });
}

for (const [name, peer, expected] of [
  ['a live session', ourPeer(KEY, heard(1)), KEEP],
  ['a live session from where cannot be read', ourPeer(KEY, { lastHandshake: NOW - 1 }), KEEP],
  ['a session 181 s ago', ourPeer(KEY, heard(181)), RESET],
  ['no handshake', ourPeer(KEY), RESET],
] as const) {
  test(`a key with ${name}, for which somebody else asks: ${describe(expected)}`, () => {
    assert.deepEqual(decideAdmission({ key: KEY, from: undefined }, viewOf([peer]), NOW), expected);
  });
}

/** KEY is new; each of the others was first seen so many seconds ago. */
const seen = (secondsAgo: Partial<Record<PublicKey, number>>) => (key: PublicKey) => NOW - (secondsAgo[key] ?? 0);
const ROOM: readonly Row[] = [
  ['one peer fewer than max_peers', KEY, [ourPeer(OTHER, heard(1))], { maxPeers: 2 }, add()],
  ['max_peers, all of them live', KEY, [ourPeer(OTHER, heard(1))], { maxPeers: 1 }, FULL],
  ['max_peers, all of them with a handshake long ago', KEY, [ourPeer(OTHER, heard(90_000))], { maxPeers: 1 }, FULL],
  [
    "max_peers, one of them an operator's",
    KEY,
    [operators(OTHER, '10.0.0.0/8'), ourPeer(TWIN)],
    { maxPeers: 2 },
    add(),
  ],
  [
    'max_peers, one of them pending for 59 s',
    KEY,
    [ourPeer(OTHER)],
    { maxPeers: 1, firstSeen: seen({ [OTHER]: 59 }) },
    FULL,
  ],
  [
    'max_peers, one of them pending for 60 s',
    KEY,
    [ourPeer(OTHER)],
    { maxPeers: 1, firstSeen: seen({ [OTHER]: 60 }) },
    add(OTHER),
  ],
  [
    'max_pending, one of them for 59 s',
    KEY,
    [ourPeer(OTHER)],
    { maxPending: 1, firstSeen: seen({ [OTHER]: 59 }) },
    FULL,
  ],
  [
    'max_pending, one of them for 60 s',
    KEY,
    [ourPeer(OTHER)],
    { maxPending: 1, firstSeen: seen({ [OTHER]: 60 }) },
    add(OTHER),
  ],
  [
    'max_pending, two of them for long enough',
    KEY,
    [ourPeer(OTHER), ourPeer(TWIN), ourPeer(KEYS[2])],
    { maxPending: 3, firstSeen: seen({ [OTHER]: 70, [TWIN]: 80, [KEYS[2]]: 30 }) },
    add(TWIN),
  ],
  ['max_pending, and the key is there', KEY, [ourPeer(KEY), ourPeer(OTHER)], { maxPending: 2, maxPeers: 2 }, RESET],
  ['max_peers, and the address taken', TWIN, [ourPeer(COLLIDING, heard(1))], { maxPeers: 1 }, TAKEN],
  [
    'max_peers, and the holder of the address stale',
    TWIN,
    [ourPeer(COLLIDING, heard(3601))],
    { maxPeers: 1 },
    add(COLLIDING),
  ],
];
for (const [name, key, peers, surroundings, expected] of ROOM) {
  test(`a domain with ${name}: ${describe(expected)}`, () => {
    assert.deepEqual(decideAdmission({ key, from: HERE }, viewOf(peers, surroundings), NOW), expected);
  });
}

test('whatever a domain is like, nobody who has a right to be there is evicted, and no address of theirs is given away', () => {
  fc.assert(
    fc.property(situations, keyPool, ({ peers, surroundings }, key) => {
      const view = viewOf(peers, surroundings);
      const decision = decideAdmission({ key, from: HERE }, view, NOW);
      if (decision.kind === 'refuse') return;
      assert.ok(!view.peers.isOperators(key) && !view.disallowed.has(key) && key !== view.ownKey);
      if (decision.kind !== 'add') return;
      assert.ok(!view.ownAddresses.has(addressOf(key)) && !view.peers.isOperatorsAddress(addressOf(key)));
      const holder = view.peers.findHolder(addressOf(key))?.key;
      if (holder !== undefined) assert.deepEqual(decision.evicted, [holder]);
      for (const evicted of decision.evicted) {
        const peer = view.peers.ours.get(evicted);
        assert.ok(peer !== undefined, 'is one of ours');
        const isHeard = peer.lastHandshake !== 'never';
        assert.ok(!isHeard || (evicted === holder && NOW - Number(peer.lastHandshake) > view.staleAfterSeconds));
      }
    }),
    { numRuns: 500 },
  );
});

test('whatever a domain is like, a key of wgkex that is not disallowed is served', () => {
  fc.assert(
    fc.property(situations, ({ peers, surroundings }) => {
      const view = viewOf(peers, surroundings);
      for (const key of view.peers.ours.keys()) {
        const { kind } = decideAdmission({ key, from: HERE }, view, NOW);
        assert.equal(kind === 'refuse', view.disallowed.has(key) || key === view.ownKey);
      }
    }),
  );
});

function describe(decision: Decision): string {
  switch (decision.kind) {
    case 'refuse':
      return decision.code;
    case 'add':
      return decision.evicted.length === 0 ? 'added' : 'added in place of another one';
    case 'keep':
      return 'kept';
    case 'reset':
      return 'removed and added again';
  }
}
