import assert from 'node:assert/strict';
import test from 'node:test';
import { DerivedPlan } from '../../../src/core/peers/address-plan.ts';
import { findOwner, type OperatorsMark } from '../../../src/core/peers/ownership.ts';
import { UNRECORDED } from '../../../src/core/peers/record.ts';
import { deriveLinkAddress } from '../../../src/core/values/derived-address.ts';
import type { Peer } from '../../../src/core/values/peer.ts';
import {
  addressOf,
  COLLIDING_KEYS,
  KEYS,
  MOMENT,
  NOW,
  operatorsPeer,
  ourPeer,
  routerOf,
  type Surroundings,
  viewOf,
} from '../arbitraries.ts';

const [KEY, OTHER] = KEYS;
const [TWIN, COLLIDING] = COLLIDING_KEYS[0];
const OWN = `${addressOf(KEY)}/128`;
const tableOf = (peers: readonly Peer[], surroundings: Surroundings = {}) => viewOf(peers, surroundings).peers;
const remembered = (secondsAgo: number) => ({ heard: { at: NOW - secondsAgo, readAt: MOMENT.monotonic } });

const PEERS: readonly (readonly [name: string, state: Partial<Peer>, mark: OperatorsMark | undefined])[] = [
  ['exactly its derived address', {}, undefined],
  [
    'its derived address of another variant',
    { allowedIps: [`${deriveLinkAddress(KEY, 'ffmuc').address}/128`] },
    undefined,
  ],
  ['no address', { allowedIps: [] }, undefined],
  ['its derived address and another one', { allowedIps: [OWN, 'fe80::1/128'] }, 'allowed IPs'],
  ['its derived address and a network', { allowedIps: ['10.0.0.0/8', OWN] }, 'allowed IPs'],
  ['its derived address in a network', { allowedIps: [OWN.replace('/128', '/64')] }, 'allowed IPs'],
  ['the derived address of another key', { allowedIps: [`${addressOf(OTHER)}/128`] }, 'allowed IPs'],
  ['an IPv4 address', { allowedIps: ['192.0.2.1/32'] }, 'allowed IPs'],
  ['a preshared key', { hasPresharedKey: true }, 'preshared key'],
  ['a keepalive', { hasKeepalive: true }, 'keepalive'],
];
for (const [name, state, mark] of PEERS) {
  test(`a recorded peer with ${name} is ${mark === undefined ? "wgkex's" : "the operator's"}`, () => {
    const peer = ourPeer(KEY, state);
    const table = tableOf([peer]);
    assert.deepEqual([table.ours.has(KEY), table.isOperators(KEY)], [mark === undefined, mark !== undefined]);
    assert.equal([...table.operators].length, mark === undefined ? 0 : 1);
    const ownership = { registrations: new Map([[KEY, UNRECORDED]]), staticKeys: new Set<typeof KEY>() };
    const owner = findOwner(peer, { ...ownership, plan: new DerivedPlan('eui64') });
    assert.equal('mark' in owner ? owner.mark : undefined, mark);
  });
}

for (const [name, surroundings] of [
  ['that is not in the record', { unrecorded: new Set([KEY]) }],
  ['whose key is static', { lists: { static: new Set([KEY]) } }],
] as const) {
  test(`a peer ${name} is the operator's, whatever its address`, () => {
    assert.ok(tableOf([ourPeer(KEY)], surroundings).isOperators(KEY));
  });
}

test("the table knows the operator's addresses, including those of static keys, and the holders of wgkex's", () => {
  const lists = { static: new Set([TWIN]) };
  const table = tableOf([ourPeer(KEY), operatorsPeer(OTHER, 'fe80::1/128', 'fe80::/64')], { lists });
  assert.ok(table.isOperatorsAddress('fe80::1' as ReturnType<typeof addressOf>));
  assert.equal(table.findOperatorsKey(addressOf(COLLIDING)), TWIN);
  assert.ok(!table.isOperatorsAddress(addressOf(KEY)));
  assert.equal(table.findHolder(addressOf(KEY))?.key, KEY);
  assert.equal(table.findHolder(addressOf(OTHER)), undefined);
});

test('a peer holds its current address, by any derivation, or none if it has none', () => {
  const former = deriveLinkAddress(KEY, 'ffmuc').address;
  const table = tableOf([ourPeer(KEY, { allowedIps: [`${former}/128`] }), ourPeer(OTHER, { allowedIps: [] })]);
  assert.equal(table.findHolder(former)?.key, KEY);
  assert.equal(table.findHolder(addressOf(KEY)), undefined);
  assert.deepEqual(
    table.listHeld().map(({ address }) => address),
    [former],
  );
});

test('a peer is pending if neither the kernel nor the record knows a handshake', () => {
  const peers = [ourPeer(KEY), ourPeer(OTHER, { lastHandshake: NOW }), ourPeer(TWIN), ourPeer(KEYS[2])];
  const registrations = new Map([
    [TWIN, remembered(3600)],
    [KEYS[2], remembered(3601)],
  ]);
  const table = tableOf(peers, { registrations });
  assert.deepEqual([...table.pending], [KEY, KEYS[2]]);
  assert.deepEqual([table.ours.get(TWIN)?.heard, table.ours.get(TWIN)?.lastHandshake], [NOW - 3600, 'never']);
});

test('a registered peer is in the table without a handshake, and a removed one is not in the table', () => {
  const table = tableOf([]);
  table.register(routerOf(KEY), { ...UNRECORDED, ...remembered(60) });
  const { held, heard, lastHandshake } = table.ours.get(KEY) ?? {};
  assert.deepEqual([held?.address, heard, lastHandshake], [addressOf(KEY), NOW - 60, 'never']);
  assert.equal(table.pending.size, 0);
  table.register(routerOf(OTHER), UNRECORDED);
  assert.deepEqual([...table.pending], [OTHER]);
  table.remove(KEY);
  table.remove(OTHER);
  assert.equal(table.ours.size + table.pending.size, 0);
  assert.equal(table.findHolder(addressOf(KEY)), undefined);
});

test('removing a peer does not take its address from another one that has since got it', () => {
  const table = tableOf([ourPeer(TWIN)]);
  table.register(routerOf(COLLIDING), UNRECORDED);
  table.remove(TWIN);
  assert.equal(table.findHolder(addressOf(COLLIDING))?.key, COLLIDING);
});
