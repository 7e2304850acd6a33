import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type Decision, decideAdmission } from '../../../src/core/decisions/admission.ts';
import type { Claim } from '../../../src/core/peers/claims.ts';
import type { Registration } from '../../../src/core/peers/record.ts';
import { deriveLinkAddress } from '../../../src/core/values/derived-address.ts';
import { type IpAddress, parseIpAddress } from '../../../src/core/values/ip-address.ts';
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
  routerOf,
  type Surroundings,
  situations,
  viewOf,
} from '../arbitraries.ts';

const [KEY, OTHER, THIRD] = KEYS;
const [TWIN, COLLIDING] = COLLIDING_KEYS[0];
const HERE = parseIpAddress('2001:db8::1');
const SAME_SOURCE = parseIpAddress('2001:db8::ffff');
const THERE = parseIpAddress('2001:db8:0:1::1');
const heard = (secondsAgo: number, endpoint: IpAddress | undefined = THERE) => ({
  lastHandshake: NOW - secondsAgo,
  endpoint,
});
const former = (key: PublicKey) => [`${deriveLinkAddress(key, 'ffmuc').address}/128`];

const PROHIBITED: Decision = { kind: 'refuse', code: 'PROHIBITED_WGKEY' };
const FAILED: Decision = { kind: 'refuse', code: 'FAILED' };
const FULL: Decision = { kind: 'refuse', code: 'FULL' };
const KEEP: Decision = { kind: 'keep' };
const reset = (...evicted: PublicKey[]): Decision => ({ kind: 'reset', evicted });
const RESET = reset();
const add = (...evicted: PublicKey[]): Decision => ({ kind: 'add', evicted });
const taken = (holder?: PublicKey): Decision => {
  return { kind: 'refuse', code: 'ADDRESS_TAKEN', ...(holder !== undefined && { holder }) };
};
const busy = (holder: PublicKey): Decision => ({ kind: 'refuse', code: 'BUSY', holder });

/** The record's knowledge of a key. */
const known = (key: PublicKey, registration: Partial<Registration>): Surroundings => {
  return { registrations: new Map([[key, registration]]) };
};
const added = (secondsAgo: number, more: Partial<Registration> = {}): Partial<Registration> => {
  const at = MOMENT.monotonic - secondsAgo;
  return { registeredAt: at, pendingSince: at, ...more };
};
const resetAt = (secondsAgo: number) => ({ registeredAt: MOMENT.monotonic - secondsAgo, isReset: true });
const remembered = (secondsAgo: number) => ({ heard: { at: NOW - secondsAgo, readAt: MOMENT.monotonic } });
const CLAIM: Claim = { first: NOW - 90_000, last: NOW - 80_000, silentSeconds: 80_000 };
const claimed = (...keys: PublicKey[]): Surroundings => ({ claims: new Map(keys.map((key) => [key, CLAIM])) });
const lists = (some: Surroundings['lists']): Surroundings => (some === undefined ? {} : { lists: some });

type Row = readonly [name: string, key: PublicKey, peers: Peer[], surroundings: Surroundings, expected: Decision];

const PROHIBITIONS: readonly Row[] = [
  ['a disallowed key', KEY, [], lists({ disallowed: new Set([KEY]) }), PROHIBITED],
  ['a disallowed key that is live', KEY, [ourPeer(KEY, heard(1))], lists({ disallowed: new Set([KEY]) }), PROHIBITED],
  ['a static key that is not a peer', KEY, [], lists({ static: new Set([KEY]) }), PROHIBITED],
  ['a static key that is a peer', KEY, [ourPeer(KEY)], lists({ static: new Set([KEY]) }), PROHIBITED],
  ['a key that is not in allowed_keys', KEY, [], lists({ allowed: new Set([OTHER]) }), PROHIBITED],
  ['a peer that is not in allowed_keys', KEY, [ourPeer(KEY)], lists({ allowed: new Set() }), PROHIBITED],
  ['a key that is in allowed_keys', KEY, [], lists({ allowed: new Set([KEY]) }), add()],
  ["the interface's own key", KEY, [], { ownKey: KEY }, PROHIBITED],
  ["an operator's peer", KEY, [operatorsPeer(KEY, '10.0.0.0/8')], {}, PROHIBITED],
  ['a peer that is not in the record', KEY, [ourPeer(KEY)], { unrecorded: new Set([KEY]) }, PROHIBITED],
];

const KNOWN: readonly Row[] = [
  ['a live session from another source', KEY, [ourPeer(KEY, heard(1))], {}, KEEP],
  ['a session from another source 180 s ago', KEY, [ourPeer(KEY, heard(180))], {}, KEEP],
  ['a session from another source 181 s ago', KEY, [ourPeer(KEY, heard(181))], {}, RESET],
  ['a session from another source that is only remembered', KEY, [ourPeer(KEY)], known(KEY, remembered(1)), RESET],
  ['a live session from the same /64', KEY, [ourPeer(KEY, heard(1, SAME_SOURCE))], {}, RESET],
  ['a live session whose endpoint cannot be read', KEY, [ourPeer(KEY, { ...heard(1), endpoint: undefined })], {}, KEEP],
  ['a peer reset 59 s ago that connected', KEY, [ourPeer(KEY, heard(1, HERE))], known(KEY, resetAt(59)), KEEP],
  ['a peer reset 60 s ago that connected', KEY, [ourPeer(KEY, heard(1, HERE))], known(KEY, resetAt(60)), RESET],
  ['a peer added 1 s ago that connected', KEY, [ourPeer(KEY, heard(1, HERE))], known(KEY, added(1)), RESET],
  ['a peer added 9 s ago without a handshake', KEY, [ourPeer(KEY)], known(KEY, added(9)), KEEP],
  ['a peer added 10 s ago without a handshake', KEY, [ourPeer(KEY)], known(KEY, added(10)), RESET],
  ['a peer reset 9 s ago without a handshake', KEY, [ourPeer(KEY)], known(KEY, resetAt(9)), KEEP],
  ['a peer reset 10 s ago without a handshake', KEY, [ourPeer(KEY)], known(KEY, resetAt(10)), RESET],
  [
    'a peer reset 9 s ago, whose handshake is only remembered',
    KEY,
    [ourPeer(KEY)],
    known(KEY, { ...resetAt(9), ...remembered(100) }),
    KEEP,
  ],
  ['a peer added in the future, which is long ago', KEY, [ourPeer(KEY)], known(KEY, added(-5)), RESET],
  ['a peer from before the record', KEY, [ourPeer(KEY)], {}, RESET],
  ['a stale peer', KEY, [ourPeer(KEY, heard(90_000))], {}, RESET],
  ['a peer without an address, added 1 s ago', KEY, [ourPeer(KEY, { allowedIps: [] })], known(KEY, added(1)), RESET],
  ['a peer with its former address', KEY, [ourPeer(KEY, { allowedIps: former(KEY) })], known(KEY, added(1)), RESET],
  [
    'a peer with its former address, whose new address another key has',
    TWIN,
    [ourPeer(TWIN, { allowedIps: former(TWIN) }), ourPeer(COLLIDING, heard(1))],
    {},
    taken(COLLIDING),
  ],
  [
    'a peer without an address, whose address belongs to a key that never connected',
    TWIN,
    [ourPeer(TWIN, { allowedIps: [] }), ourPeer(COLLIDING)],
    {},
    reset(COLLIDING),
  ],
  ['a peer, while a list cannot be read', KEY, [ourPeer(KEY)], lists({ problems: ['gone'] }), RESET],
  ['a peer, while the record cannot be written', KEY, [ourPeer(KEY)], { unrecordable: 'full' }, RESET],
];

const NEW: readonly Row[] = [
  ['a new key', KEY, [], {}, add()],
  ['a new key alongside others', KEY, [ourPeer(OTHER, heard(1)), operatorsPeer(TWIN, '10.0.0.0/8')], {}, add()],
  ['a new key, while a list cannot be read', KEY, [], lists({ problems: ['gone'] }), FAILED],
  ['a new key, while a line of static_keys is not a key', KEY, [], lists({ doubts: ['line 1'] }), add()],
  ['a new key, while the record cannot be written', KEY, [], { unrecordable: 'full' }, FAILED],
  ["a new key with the gateway's own address", KEY, [], { ownAddresses: new Set([addressOf(KEY)]) }, taken()],
  [
    "a new key whose address an operator's peer has with others",
    KEY,
    [operatorsPeer(OTHER, '10.0.0.0/8', `${addressOf(KEY)}/128`)],
    {},
    taken(OTHER),
  ],
  [
    'a new key whose address belongs to a static key that is not a peer',
    TWIN,
    [],
    lists({ static: new Set([COLLIDING]) }),
    taken(COLLIDING),
  ],
  ['a new key whose address a live key has', TWIN, [ourPeer(COLLIDING, heard(1))], {}, taken(COLLIDING)],
  [
    'a new key whose address belongs to a key heard 3600 s ago',
    TWIN,
    [ourPeer(COLLIDING, heard(3600))],
    {},
    taken(COLLIDING),
  ],
  [
    'a new key whose address belongs to a key that was heard and then reset',
    TWIN,
    [ourPeer(COLLIDING)],
    known(COLLIDING, { ...resetAt(100), ...remembered(3000) }),
    taken(COLLIDING),
  ],
  [
    'a new key whose address belongs to a stale key that the cleanup has not counted yet',
    TWIN,
    [ourPeer(COLLIDING, heard(3601))],
    {},
    taken(COLLIDING),
  ],
  [
    'a new key whose address belongs to a key that was reset and was heard more than an hour ago',
    TWIN,
    [ourPeer(COLLIDING)],
    known(COLLIDING, { ...resetAt(100), ...remembered(5000) }),
    taken(COLLIDING),
  ],
  ['a new key whose address another key claims', TWIN, [], claimed(COLLIDING), taken(COLLIDING)],
  ['a new key that claims its address', TWIN, [], claimed(TWIN), add()],
  [
    'a new key whose address another key claims, while a third one has it',
    TWIN,
    [ourPeer(COLLIDING)],
    claimed(COLLIDING),
    taken(COLLIDING),
  ],
  [
    'a new key whose address belongs to a protected key added 59 s ago',
    TWIN,
    [ourPeer(COLLIDING)],
    known(COLLIDING, added(59, { isProtected: true })),
    busy(COLLIDING),
  ],
  [
    'a new key whose address belongs to a protected key added 60 s ago',
    TWIN,
    [ourPeer(COLLIDING)],
    known(COLLIDING, added(60, { isProtected: true })),
    add(COLLIDING),
  ],
  [
    'a new key whose address belongs to a protected key added 70 s ago and reset since',
    TWIN,
    [ourPeer(COLLIDING)],
    known(COLLIDING, { ...added(70, { isProtected: true }), ...resetAt(5) }),
    add(COLLIDING),
  ],
  [
    'a new key whose address belongs to a key whose household had held it before',
    TWIN,
    [ourPeer(COLLIDING)],
    known(COLLIDING, added(1)),
    add(COLLIDING),
  ],
  [
    'a new key that claims its address, which a string holds',
    TWIN,
    [ourPeer(COLLIDING)],
    { ...known(COLLIDING, added(1)), ...claimed(TWIN) },
    add(COLLIDING),
  ],
];

const ROOM: readonly Row[] = [
  ['one peer fewer than max_peers', KEY, [ourPeer(OTHER, heard(1))], { maxPeers: 2 }, add()],
  ['max_peers, all of them live', KEY, [ourPeer(OTHER, heard(1))], { maxPeers: 1 }, FULL],
  ['max_peers, one of them silent for 180 s', KEY, [ourPeer(OTHER, heard(180))], { maxPeers: 1 }, add(OTHER)],
  ["max_peers, one of them an operator's", KEY, [operatorsPeer(OTHER), ourPeer(TWIN)], { maxPeers: 2 }, add()],
  ['max_peers, one pending for 59 s', KEY, [ourPeer(OTHER)], { maxPeers: 1, ...known(OTHER, added(59)) }, FULL],
  ['max_peers, one pending for 60 s', KEY, [ourPeer(OTHER)], { maxPeers: 1, ...known(OTHER, added(60)) }, add(OTHER)],
  ['max_pending, one pending for 59 s', KEY, [ourPeer(OTHER)], { maxPending: 1, ...known(OTHER, added(59)) }, FULL],
  [
    'max_pending, one pending for 60 s and reset since',
    KEY,
    [ourPeer(OTHER)],
    { maxPending: 1, ...known(OTHER, { ...added(60), ...resetAt(1) }) },
    add(OTHER),
  ],
  ['max_pending of 0', KEY, [], { maxPending: 0 }, FULL],
  [
    'max_pending, and the key was heard within the last hour',
    KEY,
    [ourPeer(OTHER)],
    {
      maxPending: 1,
      registrations: new Map([
        [OTHER, added(1)],
        [KEY, remembered(3600)],
      ]),
    },
    add(),
  ],
  [
    'max_pending, and the key was heard more than an hour ago',
    KEY,
    [ourPeer(OTHER)],
    {
      maxPending: 1,
      registrations: new Map([
        [OTHER, added(1)],
        [KEY, remembered(3601)],
      ]),
    },
    FULL,
  ],
  [
    'max_pending, and the key has a claim, but is still pending',
    KEY,
    [ourPeer(OTHER)],
    { maxPending: 1, ...known(OTHER, added(1)), ...claimed(KEY, OTHER) },
    FULL,
  ],
  [
    'max_pending, and the key has a claim and another key has none',
    KEY,
    [ourPeer(OTHER), ourPeer(THIRD)],
    {
      maxPending: 2,
      registrations: new Map([
        [OTHER, added(2)],
        [THIRD, added(1)],
      ]),
      ...claimed(KEY, OTHER),
    },
    add(THIRD),
  ],
  [
    'max_pending, and the key is already a peer',
    KEY,
    [ourPeer(KEY), ourPeer(OTHER)],
    { maxPending: 2, maxPeers: 2 },
    RESET,
  ],
  ['max_peers, and its address taken', TWIN, [ourPeer(COLLIDING, heard(1))], { maxPeers: 1 }, taken(COLLIDING)],
  ['max_peers, and its address held by a string', TWIN, [ourPeer(COLLIDING)], { maxPeers: 1 }, add(COLLIDING)],
];

for (const [name, key, peers, surroundings, expected] of [...PROHIBITIONS, ...KNOWN, ...NEW]) {
  test(`${name}: ${describe(expected)}`, () => {
    assert.deepEqual(decideAdmission({ router: routerOf(key), from: HERE }, viewOf(peers, surroundings)), expected);
  });
}
for (const [name, key, peers, surroundings, expected] of ROOM) {
  test(`a domain with ${name}: ${describe(expected)}`, () => {
    assert.deepEqual(decideAdmission({ router: routerOf(key), from: HERE }, viewOf(peers, surroundings)), expected);
  });
}

for (const [name, endpoint, from, expected] of [
  ['nowhere', HERE, undefined, KEEP],
  ['the same IPv4 address', parseIpAddress('192.0.2.1'), parseIpAddress('192.0.2.1'), RESET],
  ['another IPv4 address of the same network', parseIpAddress('192.0.2.1'), parseIpAddress('192.0.2.2'), KEEP],
  ['another /64 of the same /56', HERE, THERE, KEEP],
] as const) {
  test(`a live session and a request from ${name}: ${describe(expected)}`, () => {
    const view = viewOf([ourPeer(KEY, { lastHandshake: NOW - 1, endpoint })]);
    assert.deepEqual(decideAdmission({ router: routerOf(KEY), from }, view), expected);
  });
}

for (const [secondsSinceRead, expected] of [
  [0, KEEP],
  [180, KEEP],
  [181, RESET],
  [-1, RESET],
] as const) {
  test(`a handshake in the future that was first read ${secondsSinceRead} s ago: ${describe(expected)}`, () => {
    const at = NOW + 90_000;
    const heardThen = { at, readAt: MOMENT.monotonic - secondsSinceRead };
    const view = viewOf([ourPeer(KEY, { lastHandshake: at, endpoint: THERE })], known(KEY, { heard: heardThen }));
    assert.deepEqual(decideAdmission({ router: routerOf(KEY), from: HERE }, view), expected);
  });
}

test('in any domain, a key that may not register is refused', () => {
  fc.assert(
    fc.property(situations, keyPool, ({ peers, surroundings }, key) => {
      const view = viewOf(peers, surroundings);
      if (decideAdmission({ router: routerOf(key), from: HERE }, view).kind === 'refuse') return;
      assert.ok(!view.peers.isOperators(key) && key !== view.ownKey);
      assert.ok(!view.lists.disallowed.has(key) && !view.lists.static.has(key));
    }),
    { numRuns: 200 },
  );
});

test('in any domain, an address that belongs to another key is never given away', () => {
  fc.assert(
    fc.property(situations, keyPool, ({ peers, surroundings }, key) => {
      const view = viewOf(peers, surroundings);
      const decision = decideAdmission({ router: routerOf(key), from: HERE }, view);
      const holder = view.peers.findHolder(addressOf(key));
      if (decision.kind === 'refuse' || decision.kind === 'keep' || holder?.key === key) return;
      assert.ok(!view.ownAddresses.has(addressOf(key)) && !view.peers.isOperatorsAddress(addressOf(key)));
      assert.ok([key, undefined].includes(view.claims.findClaimant(addressOf(key))));
      if (holder === undefined) return;
      assert.deepEqual(decision.evicted, [holder.key]);
      assert.equal(holder.registration.heard, undefined);
    }),
    { numRuns: 300 },
  );
});

test('in any domain, only our own peers that are not live are evicted', () => {
  fc.assert(
    fc.property(situations, keyPool, ({ peers, surroundings }, key) => {
      const view = viewOf(peers, surroundings);
      const decision = decideAdmission({ router: routerOf(key), from: HERE }, view);
      const evicted = decision.kind === 'add' || decision.kind === 'reset' ? decision.evicted : [];
      for (const one of evicted) {
        const { heard: last } = view.peers.ours.get(one) ?? {};
        assert.ok(last === 'never' || (last !== undefined && NOW - last >= 180));
      }
    }),
    { numRuns: 300 },
  );
});

test('in any domain, our own peer with its address is served unless a list or its own key forbids it', () => {
  fc.assert(
    fc.property(situations, ({ peers, surroundings }) => {
      const view = viewOf(peers, surroundings);
      for (const [key, { held }] of view.peers.ours) {
        if (held?.address !== addressOf(key)) continue;
        const { kind } = decideAdmission({ router: routerOf(key), from: HERE }, view);
        assert.equal(kind === 'refuse', view.lists.disallowed.has(key) || key === view.ownKey);
      }
    }),
  );
});

function describe(decision: Decision): string {
  switch (decision.kind) {
    case 'refuse':
      return decision.code;
    case 'keep':
      return 'kept';
    default:
      return decision.evicted.length === 0 ? decision.kind : `${decision.kind} in place of another one`;
  }
}
