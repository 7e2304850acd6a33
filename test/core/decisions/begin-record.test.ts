import assert from 'node:assert/strict';
import test from 'node:test';
import { beginRecord, findAdoptable, type Memory, takeOver } from '../../../src/core/decisions/begin-record.ts';
import { DerivedPlan } from '../../../src/core/peers/address-plan.ts';
import { PeerTable } from '../../../src/core/peers/peer-table.ts';
import { PeerRecord, type Registration, UNRECORDED } from '../../../src/core/peers/record.ts';
import { deriveLinkAddress } from '../../../src/core/values/derived-address.ts';
import type { Peer } from '../../../src/core/values/peer.ts';
import type { PublicKey } from '../../../src/core/values/public-key.ts';
import { LONG_AGO } from '../../../src/core/values/time.ts';
import { addressOf, KEYS, listsOf, MOMENT, NOW, ourPeer } from '../arbitraries.ts';

const [KEY, OTHER, THIRD, FOURTH] = KEYS;
const CLAIM = { first: NOW - 900, last: NOW - 600, silentSeconds: 300 };
const DISALLOWED = { disallowed: new Set([KEY]), static: new Set<PublicKey>() };
const STATIC = { disallowed: new Set<PublicKey>(), static: new Set([KEY]) };

function begin(memory: Partial<Memory>, peers: readonly Peer[] = [], lists = listsOf()): PeerRecord {
  const nothing = { marks: new Map(), alive: new Map(), claims: new Map(), interfaces: '' };
  return beginRecord('boot', { ...nothing, ...memory }, peers, lists, MOMENT);
}

const MEMORIES: readonly [name: string, memory: Partial<Memory>][] = [
  ['a mark', { marks: new Map([[KEY, NOW]]) }],
  ['a remembered handshake', { alive: new Map([[KEY, NOW - 60]]) }],
  ['a claim', { claims: new Map([[KEY, CLAIM]]) }],
];
for (const [name, memory] of MEMORIES) {
  test(`a new record contains a peer that has ${name}, and no other peer`, () => {
    const { registrations } = begin(memory, [ourPeer(OTHER), ourPeer(KEY)]);
    assert.deepEqual([...registrations.keys()], [KEY]);
  });

  for (const [list, lists] of [
    ['disallowed', DISALLOWED],
    ['static', STATIC],
  ] as const) {
    test(`a new record never contains a ${list} key, even if it has ${name}`, () => {
      assert.equal(begin(memory, [ourPeer(KEY)], listsOf(lists)).registrations.size, 0);
    });
  }
}

test('of the keys that are not peers, a new record contains only those that were alive: they may be restored', () => {
  const memory = {
    alive: new Map([[KEY, NOW - 60]]),
    marks: new Map([[OTHER, NOW]]),
    claims: new Map([[THIRD, CLAIM]]),
  };
  assert.deepEqual([...begin(memory).registrations.keys()], [KEY]);
});

test('a new record keeps no peer for being new, and contains the remembered handshakes', () => {
  const alive = new Map([
    [KEY, NOW - 60],
    [OTHER, NOW + 60],
  ]);
  const marks = new Map([KEY, THIRD].map((key) => [key, NOW]));
  const memory = { alive, marks, interfaces: 'boot 3 4' };
  const record = begin(
    memory,
    [KEY, OTHER, THIRD].map((key) => ourPeer(key)),
  );
  assert.deepEqual(
    record.registrations,
    new Map([
      [KEY, { ...UNRECORDED, heard: { at: NOW - 60, readAt: LONG_AGO } }],
      // If the clock was set back, it counts from now on.
      [OTHER, { ...UNRECORDED, heard: { at: NOW + 60, readAt: MOMENT.monotonic } }],
      [THIRD, UNRECORDED],
    ]),
  );
  assert.deepEqual([record.boot, record.interfaces], ['boot', 'boot 3 4']);
});

test('a peer with a mark of the operator stays the operator’s, even if the state file has its key', () => {
  const peers = [ourPeer(KEY, { hasPresharedKey: true }), ourPeer(OTHER, { hasKeepalive: true }), ourPeer(THIRD)];
  const { registrations } = begin({ marks: new Map(peers.map(({ key }) => [key, NOW])) }, peers);
  const plan = new DerivedPlan('eui64');
  const table = new PeerTable(peers, { registrations, staticKeys: new Set(), plan, staleAfterSeconds: 1 }, MOMENT);
  assert.deepEqual([...table.ours.keys()], [THIRD]);
});

const NEW: Registration = {
  ...UNRECORDED,
  ...{ registeredAt: MOMENT.monotonic - 1, pendingSince: MOMENT.monotonic - 2, isReset: true, isProtected: true },
  ...{ source: undefined, isLeaving: true, restores: 2 },
};
const takeOverFrom = (previous: PeerRecord, record = new PeerRecord('boot'), lists = listsOf()) => {
  takeOver(previous, record, lists);
  return record.registrations;
};

test('the keys of an earlier copy are taken over without its times, which keep no peer', () => {
  const previous = new PeerRecord('boot');
  const heard = { at: NOW - 60, readAt: MOMENT.monotonic - 50 };
  previous.set(KEY, { ...NEW, heard });
  const [taken] = takeOverFrom(previous).values();
  const times = { registeredAt: LONG_AGO, pendingSince: LONG_AGO, isProtected: false };
  assert.deepEqual(taken, { ...NEW, ...times, heard });
});

test('a key without a handshake in an earlier copy keeps the remembered one', () => {
  const previous = new PeerRecord('boot');
  const record = begin({
    alive: new Map([
      [KEY, NOW - 60],
      [OTHER, NOW - 70],
    ]),
  });
  previous.set(KEY, UNRECORDED);
  previous.set(THIRD, UNRECORDED);
  const taken = takeOverFrom(previous, record);
  assert.deepEqual(
    [...taken].map(([key, { heard }]) => [key, heard?.at]),
    [
      [KEY, NOW - 60],
      [OTHER, NOW - 70],
      [THIRD, undefined],
    ],
  );
});

test('the holds of households are not taken over', () => {
  const previous = new PeerRecord('boot');
  previous.hold(addressOf(KEY), undefined, MOMENT);
  const record = new PeerRecord('boot');
  takeOver(previous, record, listsOf());
  assert.ok(!record.hasHeld(addressOf(KEY), undefined, MOMENT));
});

for (const [list, lists] of [
  ['disallowed', DISALLOWED],
  ['static', STATIC],
] as const) {
  test(`a ${list} key of an earlier copy is left out`, () => {
    const previous = new PeerRecord('boot');
    for (const key of [KEY, OTHER]) previous.set(key, UNRECORDED);
    assert.deepEqual([...takeOverFrom(previous, undefined, listsOf(lists)).keys()], [OTHER]);
  });
}

const derivedIn = (variant: 'eui64' | 'ffmuc' | 'gluon') => [`${deriveLinkAddress(KEY, variant).address}/128`];
const PEERS: readonly [name: string, state: Partial<Peer>, isAdopted: boolean][] = [
  ['has its derived address', {}, true],
  ['has its address by another derivation', { allowedIps: derivedIn('gluon') }, true],
  ['had a handshake', { lastHandshake: NOW }, true],
  ['has no allowed IP', { allowedIps: [] }, false],
  ['has another network besides', { allowedIps: [...derivedIn('eui64'), '10.0.0.0/8'] }, false],
  ['has the address of another key', { allowedIps: [`${addressOf(OTHER)}/128`] }, false],
  ['has a preshared key', { hasPresharedKey: true }, false],
  ['has a keepalive', { hasKeepalive: true }, false],
];
const adoptable = (peer: Peer, lists = listsOf(), ...known: PublicKey[]) => {
  const registrations = new Map(known.map((key) => [key, UNRECORDED]));
  const ownership = { registrations, staticKeys: lists.static, plan: new DerivedPlan('eui64') };
  return findAdoptable([ourPeer(FOURTH), peer], ownership, lists).map(({ key }) => key);
};
for (const [name, state, isAdopted] of PEERS) {
  test(`after an upgrade, a peer that ${name} ${isAdopted ? 'is' : 'is not'} adopted`, () => {
    assert.deepEqual(adoptable(ourPeer(KEY, state)), isAdopted ? [FOURTH, KEY] : [FOURTH]);
  });
}

test('after an upgrade, no key of the two lists or of the record is adopted', () => {
  assert.deepEqual(adoptable(ourPeer(KEY), listsOf(DISALLOWED)), [FOURTH]);
  assert.deepEqual(adoptable(ourPeer(KEY), listsOf(STATIC)), [FOURTH]);
  assert.deepEqual(adoptable(ourPeer(KEY), listsOf(), KEY), [FOURTH]);
});
