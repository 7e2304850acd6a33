import assert from 'node:assert/strict';
import test from 'node:test';
import {
  confirmFaults,
  countPeers,
  countStates,
  isSound,
  type Survey,
  surveyDomain,
} from '../../../src/core/changes/survey.ts';
import { buildEntries } from '../../../src/core/kernel/fdb.ts';
import { deriveLinkAddress } from '../../../src/core/values/derived-address.ts';
import type { Peer } from '../../../src/core/values/peer.ts';
import { addressOf, KEYS, MOMENT, NOW, ourPeer, VXLAN, viewOf, WIREGUARD } from '../arbitraries.ts';

const [KEY, OTHER, OPERATORS, GONE] = KEYS;
const SETTINGS = {
  wireguard: WIREGUARD,
  vxlan: VXLAN,
  fdb: ['flood', 'unicast'],
  route: true,
  address: 'eui64',
  staleAfterSeconds: 3600,
} as const;
const linkOf = (key: typeof KEY) => deriveLinkAddress(key, 'eui64');
const entriesOf = (...keys: (typeof KEY)[]) =>
  keys.flatMap((key) => buildEntries(linkOf(key), SETTINGS.fdb, WIREGUARD));
const routesOf = (...keys: (typeof KEY)[]) => keys.map(addressOf);

const STATES: readonly (readonly [name: string, peer: Peer, staleAfterSeconds: number, state: string])[] = [
  ['that never had a handshake', ourPeer(KEY), 3600, 'pending'],
  ['with a handshake just now', ourPeer(KEY, { lastHandshake: NOW }), 3600, 'alive'],
  ['with a handshake in the future', ourPeer(KEY, { lastHandshake: NOW + 60 }), 3600, 'alive'],
  ['with a handshake 180 s ago', ourPeer(KEY, { lastHandshake: NOW - 180 }), 3600, 'alive'],
  ['with a handshake 181 s ago', ourPeer(KEY, { lastHandshake: NOW - 181 }), 3600, 'idle'],
  ['with a handshake an hour ago', ourPeer(KEY, { lastHandshake: NOW - 3600 }), 3600, 'idle'],
  ['with a handshake more than an hour ago', ourPeer(KEY, { lastHandshake: NOW - 3601 }), 3600, 'stale'],
  ['that the cleanup calls stale after a minute', ourPeer(KEY, { lastHandshake: NOW - 61 }), 60, 'stale'],
  ['of the operator', ourPeer(KEY, { allowedIps: ['::/0'], lastHandshake: NOW }), 3600, 'static'],
];
for (const [name, peer, staleAfterSeconds, state] of STATES) {
  test(`a peer ${name} is ${state}`, () => {
    const { peers } = survey([peer], [], [], { staleAfterSeconds });
    assert.deepEqual(
      peers.map((surveyed) => surveyed.state),
      [state],
    );
  });
}

test('a peer that was reset or restored has the state of its remembered handshake', () => {
  const heard = { at: NOW - 60, readAt: MOMENT.monotonic };
  const { peers: table } = viewOf([ourPeer(KEY), ourPeer(OTHER)], { registrations: new Map([[KEY, { heard }]]) });
  const { peers } = surveyDomain(table, { entries: [], routes: [] }, SETTINGS);
  assert.deepEqual(
    peers.map(({ peer, state }) => [peer.lastHandshake, state]),
    [
      [NOW - 60, 'alive'],
      ['never', 'pending'],
    ],
  );
  assert.deepEqual(countPeers(table, 3600), countStates(peers));
});

test('a domain in which every router has what it needs is sound', () => {
  const operators = ourPeer(OPERATORS, { allowedIps: ['10.0.0.0/8'] });
  const found = survey([ourPeer(KEY), ourPeer(OTHER), operators], entriesOf(KEY, OTHER), routesOf(KEY, OTHER));
  assert.ok(isSound(found));
  assert.deepEqual(countStates(found.peers), { alive: 0, idle: 0, stale: 0, pending: 2, static: 1 });
});

test('a survey lists what each router lacks, and the entries and routes that lead to no router', () => {
  const [flood, unicast] = entriesOf(OTHER);
  const found = survey(
    [ourPeer(KEY), ourPeer(OTHER)],
    [...entriesOf(KEY, GONE), ...(flood ? [flood] : [])],
    [addressOf(OTHER), addressOf(GONE)],
  );
  const [first, second] = found.peers;
  assert.deepEqual([first?.missingEntries, first?.lacksRoute], [[], true]);
  assert.deepEqual([second?.missingEntries, second?.lacksRoute], [[unicast], false]);
  assert.deepEqual(found.orphanedEntries, entriesOf(GONE));
  assert.deepEqual(found.orphanedRoutes, [addressOf(GONE)]);
  assert.ok(!isSound(found));
});

test('routes do not matter if the domain keeps none', () => {
  assert.ok(isSound(survey([ourPeer(KEY)], entriesOf(KEY), [addressOf(GONE)], { route: false })));
});

const SOUND = survey([ourPeer(KEY)], entriesOf(KEY), routesOf(KEY));
const FAULTS: readonly (readonly [name: string, faulty: Survey])[] = [
  ['a missing entry', survey([ourPeer(KEY)], [], routesOf(KEY))],
  ['a missing route', survey([ourPeer(KEY)], entriesOf(KEY), [])],
  ['an orphaned entry', survey([ourPeer(KEY)], entriesOf(KEY, GONE), routesOf(KEY))],
  ['an orphaned route', survey([ourPeer(KEY)], entriesOf(KEY), routesOf(KEY, GONE))],
];
for (const [name, faulty] of FAULTS) {
  test(`${name} is a fault if it is seen twice, but not if it is seen once`, () => {
    assert.ok(!isSound(faulty));
    assert.deepEqual(confirmFaults(faulty, faulty), faulty);
    assert.deepEqual(confirmFaults(faulty, SOUND), SOUND);
    assert.deepEqual(confirmFaults(SOUND, faulty), SOUND);
  });
}

function survey(
  peers: readonly Peer[],
  entries: ReturnType<typeof entriesOf>,
  routes: ReturnType<typeof routesOf>,
  settings: { readonly staleAfterSeconds?: number; readonly route?: boolean } = {},
): Survey {
  const { peers: table } = viewOf(peers, settings);
  return surveyDomain(table, { entries, routes }, { ...SETTINGS, ...settings });
}
