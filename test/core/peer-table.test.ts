import assert from 'node:assert/strict';
import test from 'node:test';
import { deriveLinkAddress } from '../../src/core/link-address.ts';
import { hadHandshakeWithin, PeerTable } from '../../src/core/peer-table.ts';
import { addressOf, COLLIDING_KEYS, KEYS, NOW, ourPeer } from './arbitraries.ts';

const KEY = KEYS[0];
const OWN = `${addressOf(KEY)}/128`;

const ALLOWED_IPS: readonly (readonly [name: string, allowedIps: string[], isOurs: boolean])[] = [
  ['exactly its derived address', [OWN], true],
  ['no address', [], false],
  ['its derived address and another one', [OWN, 'fe80::1/128'], false],
  ['its derived address and a network', ['10.0.0.0/8', OWN], false],
  ['its derived address twice as long a network', [OWN.replace('/128', '/64')], false],
  ['the derived address of another key', [`${addressOf(KEYS[1])}/128`], false],
  ['its derived address of another variant', [`${deriveLinkAddress(KEY, 'ffmuc').address}/128`], false],
  ['an IPv4 address', ['192.0.2.1/32'], false],
];
for (const [name, allowedIps, isOurs] of ALLOWED_IPS) {
  test(`a peer with ${name} is ${isOurs ? "wgkex's" : "the operator's"}`, () => {
    const table = new PeerTable([ourPeer(KEY, { allowedIps })], 'eui64');
    assert.equal(table.ours.has(KEY), isOurs);
    assert.equal(table.isOperators(KEY), !isOurs);
    assert.equal([...table.operators].length, isOurs ? 0 : 1);
  });
}

test('the addresses of the operator are known, and who holds those of wgkex', () => {
  const table = new PeerTable([ourPeer(KEY), ourPeer(KEYS[1], { allowedIps: ['fe80::1/128', 'fe80::/64'] })], 'eui64');
  assert.ok(table.isOperatorsAddress('fe80::1' as ReturnType<typeof addressOf>));
  assert.ok(!table.isOperatorsAddress(addressOf(KEY)));
  assert.equal(table.findHolder(addressOf(KEY))?.key, KEY);
  assert.equal(table.findHolder(addressOf(KEYS[1])), undefined);
});

test('a peer that never had a handshake is pending, also when it was registered again', () => {
  const table = new PeerTable([ourPeer(KEY), ourPeer(KEYS[1], { lastHandshake: NOW })], 'eui64');
  assert.deepEqual([...table.pending], [KEY]);
  table.register(KEYS[1]);
  assert.deepEqual([...table.pending], [KEY, KEYS[1]]);
});

test('a registered peer is there, and a removed one is not', () => {
  const table = new PeerTable([], 'eui64');
  table.register(KEY);
  assert.deepEqual(table.ours.get(KEY), ourPeer(KEY));
  table.remove(KEY);
  assert.equal(table.ours.size + table.pending.size, 0);
  assert.equal(table.findHolder(addressOf(KEY)), undefined);
});

test('to remove a peer takes no address from another one that got it since', () => {
  const [first, second] = COLLIDING_KEYS[0];
  const table = new PeerTable([ourPeer(first)], 'eui64');
  table.register(second);
  table.remove(first);
  assert.equal(table.findHolder(addressOf(second))?.key, second);
});

const HANDSHAKES = [
  ['exactly as long ago', NOW - 180, true],
  ['longer ago', NOW - 180.5, false],
  ['in the future', NOW + 180, true],
  ['never', 'never', false],
] as const;
for (const [name, lastHandshake, expected] of HANDSHAKES) {
  test(`a handshake ${name} ${expected ? 'counts' : 'does not count'}`, () => {
    assert.equal(hadHandshakeWithin(ourPeer(KEY, { lastHandshake }), 180, NOW), expected);
  });
}
