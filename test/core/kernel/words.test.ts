import assert from 'node:assert/strict';
import test from 'node:test';
import { FLOOD_MAC } from '../../../src/core/kernel/fdb.ts';
import {
  buildAddPeer,
  buildDeleteEntry,
  buildDeleteRoute,
  buildEnsureEntry,
  buildEnsureRoute,
  buildRemovePeer,
  buildResetPeer,
} from '../../../src/core/kernel/words.ts';
import { deriveLinkAddress } from '../../../src/core/values/derived-address.ts';
import { KEYS, VXLAN, WIREGUARD } from '../arbitraries.ts';

const KEY = KEYS[2];
const { mac, address } = deriveLinkAddress(KEY, 'eui64');
const FLOOD = { mac: FLOOD_MAC, destination: address, via: WIREGUARD };
const UNICAST = { ...FLOOD, mac };

test('a peer is added with its one address', () => {
  assert.deepEqual(buildAddPeer({ key: KEY, address }), ['peer', KEY, 'allowed-ips', 'fe80::a6:8fff:fe21:5465/128']);
});

test('a peer is removed', () => {
  assert.deepEqual(buildRemovePeer(KEY), ['peer', KEY, 'remove']);
});

test('a peer is removed and added again in one go', () => {
  const expected = ['peer', KEY, 'remove', 'peer', KEY, 'allowed-ips', 'fe80::a6:8fff:fe21:5465/128'];
  assert.deepEqual(buildResetPeer({ key: KEY, address }), expected);
});

const FLOOD_WORDS = '00:00:00:00:00:00 dev vxww01 dst fe80::a6:8fff:fe21:5465 via wgww01';
const UNICAST_WORDS = '02:a6:8f:21:54:65 dev vxww01 dst fe80::a6:8fff:fe21:5465 via wgww01';

const DOUBLE_WORDS = FLOOD_WORDS.replace(' via wgww01', '');

test('a flood entry is appended and its double without via deleted; a unicast entry is replaced', () => {
  assert.deepEqual(buildEnsureEntry(FLOOD, VXLAN), [`fdb append ${FLOOD_WORDS}`, `fdb del ${DOUBLE_WORDS}`]);
  assert.deepEqual(buildEnsureEntry(UNICAST, VXLAN), [`fdb replace ${UNICAST_WORDS}`]);
});

test('an entry is set before it is deleted, because an error would end the batch', () => {
  const flood = [`fdb append ${FLOOD_WORDS}`, `fdb del ${DOUBLE_WORDS}`, `fdb del ${FLOOD_WORDS}`];
  assert.deepEqual(buildDeleteEntry(FLOOD, VXLAN), flood);
  assert.deepEqual(buildDeleteEntry(UNICAST, VXLAN), [`fdb replace ${UNICAST_WORDS}`, `fdb del ${UNICAST_WORDS}`]);
  const double = [`fdb append ${DOUBLE_WORDS}`, `fdb del ${DOUBLE_WORDS}`];
  assert.deepEqual(buildDeleteEntry({ ...FLOOD, via: undefined }, VXLAN), double);
});

test('an entry without via is never made for a router', () => {
  const lines = [
    ...buildEnsureEntry(FLOOD, VXLAN),
    ...buildDeleteEntry(FLOOD, VXLAN),
    ...buildDeleteEntry(UNICAST, VXLAN),
  ];
  assert.deepEqual(
    lines.filter((line) => /^fdb (append|replace) (?!.* via )/.test(line)),
    [],
  );
});

test('a route is replaced, and set before it is deleted', () => {
  const words = 'fe80::a6:8fff:fe21:5465/128 dev wgww01';
  assert.equal(buildEnsureRoute(address, WIREGUARD), `route replace ${words}`);
  assert.deepEqual(buildDeleteRoute(address, WIREGUARD), [`route replace ${words}`, `route del ${words}`]);
});
