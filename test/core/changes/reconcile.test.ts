import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { compareEntries, compareRoutes } from '../../../src/core/changes/reconcile.ts';
import { buildEntries, FLOOD_MAC, type ForwardingEntry, identifyEntry } from '../../../src/core/kernel/fdb.ts';
import { deriveLinkAddress, type MacAddress } from '../../../src/core/values/derived-address.ts';
import { type IpAddress, parseIpAddress } from '../../../src/core/values/ip-address.ts';
import type { InterfaceName } from '../../../src/core/values/names.ts';
import type { Peer } from '../../../src/core/values/peer.ts';
import { addressOf, KEYS, keyPool, operatorsPeer, ourPeer, VXLAN, viewOf, WIREGUARD } from '../arbitraries.ts';

const SETTINGS = {
  wireguard: WIREGUARD,
  vxlan: VXLAN,
  fdb: ['flood', 'unicast'],
  route: true,
} as const;
const ROUTER = deriveLinkAddress(KEYS[0], 'eui64');
const GONE = deriveLinkAddress(KEYS[1], 'eui64');
const entriesOf = (router: typeof ROUTER) => buildEntries(router, ['flood', 'unicast'], WIREGUARD);
const NOTHING = { missing: [], orphaned: [] };
const tableOf = (keys: readonly (typeof KEYS)[number][] = [], operators: readonly Peer[] = []) =>
  viewOf([...keys.map((key) => ourPeer(key)), ...operators]).peers;

test('an entry to a router that names no interface is orphaned, because it doubles every frame', () => {
  const doubles = entriesOf(ROUTER).map((entry) => ({ ...entry, via: undefined }));
  const existing = [...entriesOf(ROUTER), ...doubles];
  assert.deepEqual(compareEntries(existing, tableOf([KEYS[0]]), SETTINGS), { missing: [], orphaned: doubles });
});

test('entries and routes to the address of a static key are left alone, even without a peer', () => {
  const { peers } = viewOf([], { lists: { static: new Set([KEYS[1]]) } });
  assert.deepEqual(compareEntries(entriesOf(GONE), peers, SETTINGS), NOTHING);
  assert.deepEqual(compareRoutes([GONE.address], peers), NOTHING);
});

test('a router needs the entries of its current address, even if it is by another derivation', () => {
  const held = deriveLinkAddress(KEYS[0], 'ffmuc');
  const { peers } = viewOf([
    ourPeer(KEYS[0], { allowedIps: [`${held.address}/128`] }),
    ourPeer(KEYS[2], { allowedIps: [] }),
  ]);
  const expected = { missing: entriesOf(held), orphaned: entriesOf(ROUTER) };
  assert.deepEqual(compareEntries(entriesOf(ROUTER), peers, SETTINGS), expected);
  assert.deepEqual(compareRoutes([ROUTER.address], peers), { missing: [held.address], orphaned: [ROUTER.address] });
});

test('nothing is missing or orphaned if the kernel has exactly what the routers need', () => {
  assert.deepEqual(compareEntries(entriesOf(ROUTER), tableOf([KEYS[0]]), SETTINGS), NOTHING);
  assert.deepEqual(compareRoutes([ROUTER.address], tableOf([KEYS[0]])), NOTHING);
});

test('entries and routes that a router needs and the kernel does not have are missing', () => {
  const [flood, unicast] = entriesOf(ROUTER) as [ForwardingEntry, ForwardingEntry];
  assert.deepEqual(compareEntries([flood], tableOf([KEYS[0]]), SETTINGS), { missing: [unicast], orphaned: [] });
  assert.deepEqual(compareRoutes([], tableOf([KEYS[0]])), { missing: [ROUTER.address], orphaned: [] });
});

test('entries and routes whose router is gone are orphaned', () => {
  const existing = [...entriesOf(ROUTER), ...entriesOf(GONE)];
  assert.deepEqual(compareEntries(existing, tableOf([KEYS[0]]), SETTINGS), { missing: [], orphaned: entriesOf(GONE) });
  const routes = compareRoutes([ROUTER.address, GONE.address], tableOf([KEYS[0]]));
  assert.deepEqual(routes, { missing: [], orphaned: [GONE.address] });
});

test('entries of a kind that the domain no longer wants are orphaned', () => {
  const [flood, unicast] = entriesOf(ROUTER);
  const difference = compareEntries(entriesOf(ROUTER), tableOf([KEYS[0]]), { ...SETTINGS, fdb: ['flood'] });
  assert.deepEqual(difference, { missing: [], orphaned: [unicast] });
  assert.ok(flood !== undefined);
});

const FOREIGN: readonly (readonly [name: string, entry: ForwardingEntry])[] = [
  ['through no interface to a router that is gone', { mac: FLOOD_MAC, destination: GONE.address, via: undefined }],
  ['to an address that was not derived', { mac: FLOOD_MAC, destination: parseIpAddress('fe80::1'), via: WIREGUARD }],
  ['to an IPv4 address', { mac: FLOOD_MAC, destination: parseIpAddress('192.0.2.1'), via: WIREGUARD }],
  ['through another interface', { mac: FLOOD_MAC, destination: GONE.address, via: 'wgww02' as InterfaceName }],
  ['for a MAC of its own', { mac: '02:00:00:00:00:01' as MacAddress, destination: GONE.address, via: WIREGUARD }],
];
for (const [name, entry] of FOREIGN) {
  test(`an entry ${name} is left alone`, () => {
    assert.deepEqual(compareEntries([entry], tableOf(), SETTINGS), NOTHING);
  });
}

test('a route to an address that was not derived is left alone', () => {
  assert.deepEqual(compareRoutes([parseIpAddress('fe80::1')], tableOf()), NOTHING);
});

test('an entry and a route to an address are left alone if a peer of the operator has it', () => {
  const operators = [operatorsPeer(KEYS[3], '10.0.0.0/8', `${GONE.address}/128`)];
  assert.deepEqual(compareEntries(entriesOf(GONE), tableOf([], operators), SETTINGS), NOTHING);
  assert.deepEqual(compareRoutes([GONE.address], tableOf([], operators)), NOTHING);
});

for (const network of ['fe80::/64', '::/0']) {
  test(`an entry and a route are orphaned even if a peer of the operator has ${network}`, () => {
    const operators = [operatorsPeer(KEYS[3], network)];
    assert.deepEqual(compareEntries(entriesOf(GONE), tableOf([], operators), SETTINGS).orphaned, entriesOf(GONE));
    assert.deepEqual(compareRoutes([GONE.address], tableOf([], operators)).orphaned, [GONE.address]);
  });
}

test('an entry is orphaned if a peer of the operator has another network', () => {
  const operators = [operatorsPeer(KEYS[3], '10.0.0.0/8', 'fe80:1::/64', 'fe80::/120'), operatorsPeer(KEYS[2])];
  assert.deepEqual(compareEntries(entriesOf(GONE), tableOf([], operators), SETTINGS).orphaned, entriesOf(GONE));
});

test('adding the missing and removing the orphaned entries gives the routers what they need and keeps foreign entries', () => {
  const some = fc.uniqueArray(keyPool, { maxLength: 6, selector: addressOf });
  fc.assert(
    fc.property(some, some, fc.nat(20), (needing, present, lost) => {
      const routers = needing.map((key) => deriveLinkAddress(key, 'eui64'));
      // Without `via` it is foreign only as long as no router has the address.
      const foreign = FOREIGN.map(([, entry]) => entry).filter(({ via }) => via !== undefined);
      const made = present.flatMap((key) => entriesOf(deriveLinkAddress(key, 'eui64'))).slice(lost % 3);
      const { missing, orphaned } = compareEntries([...foreign, ...made], tableOf(needing), SETTINGS);
      const gone = new Set(orphaned.map(identifyEntry));
      const after = [...[...foreign, ...made].filter((entry) => !gone.has(identifyEntry(entry))), ...missing];
      assert.deepEqual(
        after.map(identifyEntry).sort(),
        [...foreign, ...routers.flatMap(entriesOf)].map(identifyEntry).sort(),
      );
    }),
  );
});

test('adding the missing and removing the orphaned routes gives the routers what they need and keeps foreign routes', () => {
  const some = fc.uniqueArray(keyPool, { maxLength: 6, selector: addressOf });
  const foreign: IpAddress[] = [parseIpAddress('fe80::1'), parseIpAddress('2001:db8::1')];
  fc.assert(
    fc.property(some, some, (needing, present) => {
      const existing = [...foreign, ...present.map(addressOf)];
      const { missing, orphaned } = compareRoutes(existing, tableOf(needing));
      const after = [...existing.filter((address) => !orphaned.includes(address)), ...missing];
      assert.deepEqual(after.sort(), [...foreign, ...needing.map(addressOf)].sort());
    }),
  );
});
