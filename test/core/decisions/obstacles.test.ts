import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { decideAdmission } from '../../../src/core/decisions/admission.ts';
import { findObstacles } from '../../../src/core/decisions/obstacles.ts';
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

const [KEY, OTHER] = KEYS;
const [TWIN, COLLIDING] = COLLIDING_KEYS[0];
const alive = { lastHandshake: NOW - 100 };
const young = (key: PublicKey) => {
  const at = MOMENT.monotonic - 1;
  return { registrations: new Map([[key, { registeredAt: at, pendingSince: at, isProtected: true }]]) };
};
const claims = new Map([[COLLIDING, { first: NOW, last: NOW, silentSeconds: 0 }]]);
type Found = readonly [rule: string, code: string | undefined, holder?: PublicKey];

const CASES: readonly (readonly [string, typeof KEY, Peer[], Surroundings, Found[]])[] = [
  ['nothing', KEY, [ourPeer(OTHER)], {}, []],
  ['a list', KEY, [], { lists: { disallowed: new Set([KEY]) } }, [['disallowed', 'PROHIBITED_WGKEY']]],
  [
    'static_keys',
    KEY,
    [],
    { lists: { static: new Set([KEY]) } },
    [
      ['static', 'PROHIBITED_WGKEY'],
      ['operators-address', 'ADDRESS_TAKEN', KEY],
    ],
  ],
  ['allowed_keys', KEY, [], { lists: { allowed: new Set() } }, [['not-allowed', 'PROHIBITED_WGKEY']]],
  ["that it is the gateway's own", KEY, [], { ownKey: KEY }, [['own-key', 'PROHIBITED_WGKEY']]],
  [
    'an address of the gateway',
    KEY,
    [],
    { ownAddresses: new Set([addressOf(KEY)]) },
    [['own-address', 'ADDRESS_TAKEN']],
  ],
  [
    "an operator's peer",
    KEY,
    [operatorsPeer(OTHER, `${addressOf(KEY)}/128`)],
    {},
    [['operators-address', 'ADDRESS_TAKEN', OTHER]],
  ],
  [
    'a live key with its address',
    TWIN,
    [ourPeer(COLLIDING, alive)],
    {},
    [['same-address', 'ADDRESS_TAKEN', COLLIDING]],
  ],
  ['a claim', TWIN, [], { claims }, [['same-address', 'ADDRESS_TAKEN', COLLIDING]]],
  ['a young key with its address', TWIN, [ourPeer(COLLIDING)], young(COLLIDING), [['same-address', 'BUSY', COLLIDING]]],
  [
    'a string with its address, which would be evicted, full or not',
    TWIN,
    [ourPeer(COLLIDING)],
    { maxPeers: 1 },
    [['same-address', undefined, COLLIDING]],
  ],
  ['a full domain', KEY, [ourPeer(OTHER, alive)], { maxPeers: 1 }, [['peers', 'FULL']]],
  ['too many pending keys', KEY, [ourPeer(OTHER)], { maxPending: 1, ...young(OTHER) }, [['pending', 'FULL']]],
  ['a pending key that would be evicted', KEY, [ourPeer(OTHER)], { maxPending: 1 }, [['pending', undefined, OTHER]]],
  ['a record that cannot be written', KEY, [], { unrecordable: 'disk full' }, [['record', 'FAILED']]],
  [
    'two things at once',
    KEY,
    [ourPeer(OTHER)],
    { lists: { disallowed: new Set([KEY]) }, maxPeers: 1, maxPending: 1, ...young(OTHER) },
    [
      ['disallowed', 'PROHIBITED_WGKEY'],
      ['pending', 'FULL'],
      ['peers', 'FULL'],
    ],
  ],
];
for (const [name, key, peers, surroundings, expected] of CASES) {
  test(`an obstacle to a key is ${name}`, () => {
    const found = findObstacles(routerOf(key), viewOf(peers, surroundings));
    assert.deepEqual(
      found.map(({ rule, code, holder }) => [rule, code, holder]),
      expected.map(([rule, code, holder]) => [rule, code, holder]),
    );
  });
}

test('a key that is not a peer would get the code of the first obstacle, and would be admitted if there is none', () => {
  fc.assert(
    fc.property(keyPool, situations, (key, { peers, surroundings }) => {
      fc.pre(!peers.some((peer) => peer.key === key));
      const obstacles = findObstacles(routerOf(key), viewOf(peers, surroundings));
      const decision = decideAdmission({ router: routerOf(key), from: undefined }, viewOf(peers, surroundings));
      const [first] = obstacles.filter(({ code }) => code !== undefined);
      assert.equal(decision.kind === 'refuse' ? decision.code : undefined, first?.code);
      if (decision.kind === 'add')
        assert.deepEqual(
          obstacles.map(({ holder }) => holder),
          decision.evicted,
        );
    }),
    { numRuns: 500 },
  );
});
