import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { deriveLinkAddress } from '../../src/core/link-address.ts';
import { hadHandshakeWithin, PeerTable } from '../../src/core/peer-table.ts';
import type { PublicKey } from '../../src/core/public-key.ts';
import { addressOf, COLLIDING_KEYS, KEYS, NOW, ourPeer, publicKeys } from './arbitraries.ts';

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

const peerKeys = fc.uniqueArray(publicKeys, { minLength: 2, maxLength: 8 });
const ages = fc.array(fc.nat(100), { minLength: 8, maxLength: 8 });
const steps = fc.array(fc.tuple(fc.constantFrom('register', 'remove', 'look'), fc.nat(7)), { maxLength: 60 });

test('whatever comes and goes, the oldest pending peer is found', () => {
  fc.assert(
    fc.property(peerKeys, ages, steps, (keys, some, list) => {
      const seen = new Map(keys.map((key, index) => [key, NOW - (some[index] ?? 0)]));
      const firstSeen = (key: PublicKey) => seen.get(key) ?? Number.NaN;
      const peers = keys.map((key) => ourPeer(key));
      const table = new PeerTable(peers, 'eui64');
      const step = {
        register: (key: PublicKey, now: number) => {
          if (!table.pending.has(key)) seen.set(key, now);
          table.register(key);
        },
        remove: (key: PublicKey) => table.remove(key),
        look: () => {
          const oldest = table.findOldestPending(firstSeen);
          const times = [...table.pending].map(firstSeen);
          assert.equal(oldest && firstSeen(oldest), times.length === 0 ? undefined : Math.min(...times));
        },
      };
      for (const [now, [what, index]] of list.entries()) step[what](keys[index % keys.length] ?? KEY, NOW + now);
    }),
    { numRuns: 1000 },
  );
});

test('to find the oldest pending peer again and again costs no more than once', () => {
  const table = new PeerTable(
    KEYS.map((key) => ourPeer(key)),
    'eui64',
  );
  let calls = 0;
  const firstSeen = () => {
    calls++;
    return NOW;
  };
  for (let time = 0; time < 100; time++) assert.ok(table.findOldestPending(firstSeen) !== undefined);
  assert.equal(calls, KEYS.length);
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
