import assert from 'node:assert/strict';
import test from 'node:test';
import type { Peer } from '../../src/core/peers.ts';
import { decideRemoval, type RemovalDecision } from '../../src/core/removal.ts';
import { addressOf, KEYS, NOW, ourPeer, viewOf } from './arbitraries.ts';

const [KEY, OTHER] = KEYS;

const CASES: readonly (readonly [string, Peer[], RemovalDecision])[] = [
  ['that never connected', [ourPeer(KEY)], 'remove'],
  ['that is alive', [ourPeer(KEY, { lastHandshake: NOW })], 'remove'],
  ['that is not there', [ourPeer(OTHER)], 'absent'],
  ['that was set up by hand', [ourPeer(KEY, { allowedIps: ['10.0.0.0/8'] })], 'static'],
  [
    'that was set up by hand with its address and more',
    [ourPeer(KEY, { allowedIps: [`${addressOf(KEY)}/128`, '10.0.0.0/8'] })],
    'static',
  ],
];
for (const [name, peers, expected] of CASES) {
  test(`a key ${name}: ${expected}`, () => assert.equal(decideRemoval(KEY, viewOf(peers).peers), expected));
}
