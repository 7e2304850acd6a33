import assert from 'node:assert/strict';
import test from 'node:test';
import { comparePeers } from '../../../src/core/operator/compare-peers.ts';
import type { PeerOrder } from '../../../src/core/operator/peer-order.ts';
import { KEYS, ourPeer } from '../arbitraries.ts';

/** In the order of their keys: N9uF…, TszF…, igyq…, o52G…. */
const [T, I, O, N] = KEYS;
const PEERS = [
  ourPeer(T, { lastHandshake: 'never', received: 5, sent: 5, allowedIps: ['fe80::12:1/128'] }),
  ourPeer(I, { lastHandshake: 200, received: 0, sent: 11, allowedIps: [] }),
  ourPeer(O, { lastHandshake: 100, received: 10, sent: 0, allowedIps: ['10.9.0.0/16'] }),
  ourPeer(N, { lastHandshake: 200, received: 0, sent: 0, allowedIps: ['fe80::a:1/128', '::/0'] }),
];
const ORDERS: readonly (readonly [PeerOrder, readonly string[]])[] = [
  ['key', [N, T, I, O]],
  ['handshake', [N, I, O, T]],
  ['traffic', [I, T, O, N]],
  ['address', [O, N, T, I]],
];
for (const [order, expected] of ORDERS) {
  test(`peers are sorted by ${order}, and ties by key`, () => {
    const sorted = [...PEERS].sort(comparePeers(order));
    assert.deepEqual(
      sorted.map(({ key }) => key),
      expected,
    );
  });
}
