import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { PeerChange } from '../../../src/core/changes/change.ts';
import { listEffects, listTakeBackEffects } from '../../../src/core/changes/effects.ts';
import { buildEntryLines, buildPeerWords, buildRouteLines } from '../../../src/core/changes/kernel-lines.ts';
import { planChanges } from '../../../src/core/changes/plan.ts';
import type { Exchange } from '../../../src/core/exchange/exchange.ts';
import { findRecordedSource, PeerRecord } from '../../../src/core/peers/record.ts';
import { deriveLinkAddress } from '../../../src/core/values/derived-address.ts';
import { parseIpAddress } from '../../../src/core/values/ip-address.ts';
import type { Peer } from '../../../src/core/values/peer.ts';
import type { PublicKey } from '../../../src/core/values/public-key.ts';
import {
  addressOf,
  COLLIDING_KEYS,
  DOMAIN,
  KEYS,
  keyPool,
  listsOf,
  MOMENT,
  NOW,
  ourPeer,
  type Situation,
  SOURCES,
  type Surroundings,
  situations,
  VXLAN,
  viewOf,
  viewWith,
  WIREGUARD,
} from '../arbitraries.ts';

const HERE = parseIpAddress('2001:db8::1');
const THERE = parseIpAddress('2001:db8:0:1::1');
const SETTINGS = { wireguard: WIREGUARD, vxlan: VXLAN, fdb: ['flood', 'unicast'], route: true } as const;
const [KEY, OTHER] = KEYS;
const [TWIN, COLLIDING] = COLLIDING_KEYS[0];

const ask = (key: PublicKey, from = HERE): Exchange => ({ domain: DOMAIN, key, from });
const batches = fc.array(
  fc.tuple(keyPool, fc.constantFrom(...SOURCES)).map(([key, from]) => ask(key, from)),
  {
    maxLength: 12,
  },
);

const FLOOD = '00:00:00:00:00:00 dev vxww01 dst fe80::7c:16ff:fec0:6c74';
const UNICAST = '02:7c:16:c0:6c:74 dev vxww01 dst fe80::7c:16ff:fec0:6c74';
/** An entry without `via` would double every frame, so it is deleted. */
const ENSURED = [`fdb append ${FLOOD} via wgww01`, `fdb del ${FLOOD}`, `fdb replace ${UNICAST} via wgww01`];
const ADDED = ['peer', KEY, 'allowed-ips', 'fe80::7c:16ff:fec0:6c74/128'];
const removalOf = (flood: string, unicast: string) => [
  ...[`fdb append ${flood} via wgww01`, `fdb del ${flood}`, `fdb del ${flood} via wgww01`],
  ...[`fdb replace ${unicast} via wgww01`, `fdb del ${unicast} via wgww01`],
];

test('a new key is added with its address and its entries', () => {
  const [change] = planOf([ask(KEY)]).changes;
  assert.deepEqual(wordsOf(change), ADDED);
  assert.deepEqual(entriesOf(change), ENSURED);
  assert.deepEqual(routesOf(change), ['route replace fe80::7c:16ff:fec0:6c74/128 dev wgww01']);
});

test('a key that is already a peer is removed and added again, and keeps its entries', () => {
  const [change] = planOf([ask(KEY)], [ourPeer(KEY)]).changes;
  assert.deepEqual(wordsOf(change), ['peer', KEY, 'remove', ...ADDED]);
  assert.deepEqual(entriesOf(change), ENSURED);
});

test('a live session is left as it is, and its entries are set', () => {
  const [change] = planOf([ask(KEY)], [ourPeer(KEY, { lastHandshake: NOW, endpoint: THERE })]).changes;
  assert.deepEqual(wordsOf(change), []);
  assert.deepEqual(entriesOf(change), ENSURED);
  assert.deepEqual(routesOf(change), ['route replace fe80::7c:16ff:fec0:6c74/128 dev wgww01']);
});

const FORMER = deriveLinkAddress(OTHER, 'ffmuc').address;
const withFormer = (state: Partial<Peer> = {}) => ourPeer(OTHER, { allowedIps: [`${FORMER}/128`], ...state });

test('a key with its address by another derivation gets the new one and loses its old entries and its old route', () => {
  const [change] = planOf([ask(OTHER)], [withFormer()]).changes;
  const address = 'fe80::81:8eff:fef0:73aa/128';
  assert.deepEqual(wordsOf(change), ['peer', OTHER, 'remove', 'peer', OTHER, 'allowed-ips', address]);
  const old = `dev vxww01 dst ${FORMER}`;
  assert.deepEqual(entriesOf(change).slice(0, 5), removalOf(`00:00:00:00:00:00 ${old}`, `02:81:8e:f0:73:aa ${old}`));
  assert.deepEqual(routesOf(change), [
    `route replace ${FORMER}/128 dev wgww01`,
    `route del ${FORMER}/128 dev wgww01`,
    `route replace ${address} dev wgww01`,
  ]);
});

test('a live session with its address by another derivation keeps the entries of its current address', () => {
  const [change] = planOf([ask(OTHER)], [withFormer({ lastHandshake: NOW, endpoint: THERE })]).changes;
  assert.equal(change?.kind, 'keep');
  assert.deepEqual(routesOf(change), [`route replace ${FORMER}/128 dev wgww01`]);
});

test('an evicted peer is removed first, with its entries and its route', () => {
  const [change] = planOf([ask(KEY)], [ourPeer(OTHER)], { maxPeers: 1 }).changes;
  assert.deepEqual(wordsOf(change), ['peer', OTHER, 'remove', ...ADDED]);
  const removed = removalOf(
    '00:00:00:00:00:00 dev vxww01 dst fe80::81:8eff:fef0:73aa',
    '02:81:8e:f0:73:aa dev vxww01 dst fe80::81:8eff:fef0:73aa',
  );
  assert.deepEqual(entriesOf(change), [...removed, ...ENSURED]);
  assert.deepEqual(routesOf(change), [
    'route replace fe80::81:8eff:fef0:73aa/128 dev wgww01',
    'route del fe80::81:8eff:fef0:73aa/128 dev wgww01',
    'route replace fe80::7c:16ff:fec0:6c74/128 dev wgww01',
  ]);
});

test('an evicted peer loses the entries of its current address', () => {
  const [change] = planOf([ask(KEY)], [withFormer()], { maxPeers: 1 }).changes;
  assert.deepEqual(
    change?.evicted.map(({ address }) => address),
    [FORMER],
  );
});

test('only the entries and routes that the domain wants are made', () => {
  const [change] = planOf([ask(KEY)]).changes;
  assert.ok(change !== undefined);
  assert.deepEqual(buildRouteLines(listEffects(change, { ...SETTINGS, route: false }), SETTINGS), []);
  assert.deepEqual(buildEntryLines(listEffects(change, { ...SETTINGS, fdb: ['unicast'] }), SETTINGS), [
    `fdb replace ${UNICAST} via wgww01`,
  ]);
});

test('a router that is removed loses all its entries, including those without via', () => {
  const [change] = planOf([ask(KEY)]).changes;
  assert.ok(change !== undefined);
  assert.deepEqual(buildEntryLines(listTakeBackEffects(change, SETTINGS), SETTINGS), removalOf(FLOOD, UNICAST));
});

test('requests for the same key share one change', () => {
  const exchanges = [ask(KEY), ask(OTHER), ask(KEY, THERE), ask(KEY)];
  const { changes } = planOf(exchanges);
  assert.deepEqual(
    changes.map(({ kind, router, exchanges: some }) => [kind, router.key, some.length]),
    [
      ['add', KEY, 3],
      ['add', OTHER, 1],
    ],
  );
});

test('of several requests for a live session, the one from its endpoint counts, and all get one reply', () => {
  const live = ourPeer(KEY, { lastHandshake: NOW, endpoint: THERE });
  const kinds = (...exchanges: Exchange[]) =>
    planOf(exchanges, [live]).changes.map(({ kind, exchanges: some }) => [kind, some.length]);
  assert.deepEqual(kinds(ask(KEY), ask(KEY)), [['keep', 2]]);
  assert.deepEqual(kinds(ask(KEY), ask(KEY, THERE), ask(KEY)), [['reset', 3]]);
  assert.deepEqual(kinds(ask(KEY, THERE), ask(KEY)), [['reset', 2]]);
});

test('of two new keys that collide, the first one keeps the address for a minute', () => {
  const { changes, refused } = planOf([ask(TWIN), ask(COLLIDING)]);
  assert.deepEqual(
    changes.map(({ kind, router }) => [kind, router.key]),
    [['add', TWIN]],
  );
  assert.deepEqual(refused, [{ exchange: ask(COLLIDING), code: 'BUSY' }]);
});

test('of two new keys that collide, the second one evicts the first if its household held the address within an hour', () => {
  const { changes } = planOf([ask(TWIN), ask(COLLIDING)], [], { holds: [[addressOf(TWIN), household(HERE)]] });
  assert.deepEqual(
    changes.map(({ kind, router, evicted }) => [kind, router.key, evicted.map(({ key }) => key)]),
    [
      ['add', TWIN, []],
      ['add', COLLIDING, [TWIN]],
    ],
  );
});

test('a key that lost its address in the same batch and asks again is decided again', () => {
  const { changes } = planOf([ask(TWIN), ask(COLLIDING), ask(TWIN)], [], {
    holds: [[addressOf(TWIN), household(HERE)]],
  });
  assert.deepEqual(
    changes.map(({ router, exchanges }) => [router.key, exchanges.length]),
    [
      [TWIN, 1],
      [COLLIDING, 1],
      [TWIN, 1],
    ],
  );
  assert.deepEqual([...applyToKernel([], changes).keys()], [TWIN]);
});

test('a new key is refused if another one of the same batch took the last place', () => {
  const { changes, refused } = planOf([ask(KEY), ask(OTHER)], [], { maxPeers: 1 });
  assert.deepEqual([changes.length, refused], [1, [{ exchange: ask(OTHER), code: 'FULL' }]]);
});

test('every request of a batch is either refused or served, exactly once', () => {
  fc.assert(
    fc.property(situations, batches, (situation, exchanges) => {
      const { refused, changes } = plan(situation, exchanges);
      const answered = [...refused.map(({ exchange }) => exchange), ...changes.flatMap((change) => change.exchanges)];
      assert.equal(answered.length, exchanges.length);
      assert.deepEqual(new Set(answered), new Set(exchanges));
    }),
  );
});

test("after a batch, the kernel matches the table, has no address twice, and keeps the operator's peers unchanged", () => {
  fc.assert(
    fc.property(situations, batches, (situation, exchanges) => {
      const { changes, view } = plan(situation, exchanges);
      const kernel = applyToKernel(situation.peers, changes);
      const expected = [...view.peers.operators, ...view.peers.ours.values()];
      assert.deepEqual(kernel, new Map(expected.map(({ key, allowedIps }) => [key, [...allowedIps]])));
      const addresses = [...kernel.values()].flat();
      assert.equal(new Set(addresses).size, addresses.length);
      const untouched = viewOf(situation.peers, situation.surroundings).peers.operators;
      assert.deepEqual([...view.peers.operators], [...untouched]);
    }),
    { numRuns: 300 },
  );
});

test('the requests of one batch have the same outcome as if each had a batch of its own', () => {
  fc.assert(
    fc.property(situations.map(untie), batches, (situation, exchanges) => {
      const together = plan(situation, exchanges);
      const alone = planOneByOne(situation, exchanges);
      const codes = (refused: typeof together.refused) => refused.map(({ exchange, code }) => [exchange, code]);
      assert.deepEqual(codes(together.refused), codes(alone.refused));
      assert.deepEqual(applyToKernel(situation.peers, together.changes), alone.kernel);
      assert.deepEqual(together.view.record.registrations, alone.record.registrations);
    }),
    { numRuns: 300 },
  );
});

test('the lines of a batch turn the record before it into the record after it', () => {
  fc.assert(
    fc.property(situations, batches, ({ peers, surroundings }, exchanges) => {
      const view = viewOf(peers, surroundings);
      const before = view.record.format(MOMENT);
      const { lines } = planChanges(exchanges, view);
      const after = PeerRecord.parse(`${before}${lines.map((line) => `${line}\n`).join('')}`);
      assert.deepEqual(after.registrations, view.record.registrations);
      assert.equal(after.format(MOMENT), view.record.format(MOMENT));
    }),
    { numRuns: 200 },
  );
});

test('every key that a batch adds or resets is in the record with its time, and every evicted one is leaving', () => {
  fc.assert(
    fc.property(situations, batches, (situation, exchanges) => {
      const { view, changes } = plan(situation, exchanges);
      const { registrations } = view.record;
      const made = changes.filter(({ kind, router }) => kind !== 'keep' && view.peers.ours.has(router.key));
      for (const { router } of made) assert.equal(registrations.get(router.key)?.registeredAt, MOMENT.monotonic);
      const gone = changes.flatMap(({ evicted }) => evicted).filter(({ key }) => !view.peers.ours.has(key));
      for (const { key } of gone) assert.equal(registrations.get(key)?.isLeaving, true);
    }),
    { numRuns: 200 },
  );
});

test('a batch never leaves more peers than max_peers', () => {
  fc.assert(
    fc.property(situations, batches, (situation, exchanges) => {
      const { view } = plan(situation, exchanges);
      assert.ok(view.peers.ours.size <= view.maxPeers);
    }),
    { numRuns: 200 },
  );
});

test('new keys never raise the number of pending keys above max_pending', () => {
  fc.assert(
    fc.property(situations, batches, (situation, exchanges) => {
      const { view, changes } = plan(situation, exchanges);
      // A peer that was last heard long ago is pending again after a reset, however many pending keys there are.
      const returned = changes.filter(({ router }) => situation.peers.some(({ key }) => key === router.key));
      assert.ok(view.peers.pending.size <= view.maxPending + returned.length);
    }),
    { numRuns: 300 },
  );
});

test('no live peer is removed by the request of another key', () => {
  fc.assert(
    fc.property(situations, batches, (situation, exchanges) => {
      const { changes } = plan(situation, exchanges);
      const evicted = new Set(changes.flatMap((change) => change.evicted.map(({ key }) => key)));
      for (const { key, lastHandshake } of situation.peers)
        if (lastHandshake !== 'never' && NOW - lastHandshake < 180) assert.ok(!evicted.has(key));
    }),
    { numRuns: 200 },
  );
});

test('every line for bridge names the destination', () => {
  fc.assert(
    fc.property(situations, batches, (situation, exchanges) => {
      for (const line of plan(situation, exchanges).changes.flatMap(entriesOf)) {
        assert.match(line, /^fdb (append|replace|del) [0-9a-f:]{17} dev vxww01 dst fe80::[0-9a-f:]+( via wgww01)?$/);
      }
    }),
  );
});

function plan({ peers, surroundings }: Situation, exchanges: readonly Exchange[]) {
  const view = viewOf(peers, surroundings);
  return { ...planChanges(exchanges, view), view };
}

function planOf(exchanges: readonly Exchange[], peers: readonly Peer[] = [], surroundings: Surroundings = {}) {
  return plan({ peers, surroundings }, exchanges);
}

/** Gives all peers different ages and silences: of two equal ones, either may be evicted. */
function untie({ peers, surroundings }: Situation): Situation {
  const spread = (time: number, index: number) => Math.floor(time / 16) * 16 + index;
  const registrations = new Map(surroundings.registrations);
  for (const [index, { key }] of peers.entries()) {
    const known = registrations.get(key) ?? {};
    const { pendingSince = MOMENT.monotonic - 9000, heard } = known;
    const last = heard && { ...heard, at: spread(heard.at, index) };
    registrations.set(key, { ...known, pendingSince: spread(pendingSince, index) - 16, heard: last });
  }
  const apart = peers.map((peer, index) => {
    const { lastHandshake: last } = peer;
    return { ...peer, lastHandshake: last === 'never' ? last : spread(last, index) };
  });
  return { peers: apart, surroundings: { ...surroundings, registrations } };
}

/** Plans with a new reading of the kernel and of the record before each request. */
function planOneByOne({ peers, surroundings }: Situation, exchanges: readonly Exchange[]) {
  const settings = {
    ...surroundings,
    ...({ now: MOMENT, variant: 'eui64', lists: listsOf(surroundings.lists), claims: surroundings.claims } as const),
  };
  const { record: first } = viewOf(peers, surroundings);
  const refused: ReturnType<typeof plan>['refused'][number][] = [];
  let [record, kernel] = [first, new Map(peers.map((peer) => [peer.key, peer]))];
  for (const exchange of exchanges) {
    const view = viewWith([...kernel.values()], record, settings);
    const one = planChanges([exchange], view);
    refused.push(...one.refused);
    for (const { kind, router, evicted } of one.changes) {
      for (const { key } of evicted) kernel.delete(key);
      if (kind === 'keep') continue;
      kernel.delete(router.key);
      kernel.set(router.key, ourPeer(router.key));
    }
    record = PeerRecord.parse(record.format(MOMENT));
  }
  return { refused, record, kernel: new Map([...kernel].map(([key, { allowedIps }]) => [key, [...allowedIps]])) };
}

function household(address: typeof HERE) {
  return findRecordedSource(address);
}

function wordsOf(change: PeerChange | undefined): string[] {
  return change === undefined ? [] : buildPeerWords(listEffects(change, SETTINGS));
}

function entriesOf(change: PeerChange | undefined): string[] {
  return change === undefined ? [] : buildEntryLines(listEffects(change, SETTINGS), SETTINGS);
}

function routesOf(change: PeerChange | undefined): string[] {
  return change === undefined ? [] : buildRouteLines(listEffects(change, SETTINGS), SETTINGS);
}

/** Like `wg set`, silently moves an allowed IP from one peer to another. Fails if a removed peer does not exist. */
function applyToKernel(peers: readonly Peer[], changes: readonly PeerChange[]): Map<PublicKey, string[]> {
  const kernel = new Map(peers.map(({ key, allowedIps }) => [key, [...allowedIps]]));
  const words = changes.flatMap(wordsOf);
  while (words.length > 0) {
    const [peer, key, verb] = words.splice(0, 3) as [string, PublicKey, string];
    assert.equal(peer, 'peer');
    if (verb === 'remove') {
      assert.ok(kernel.delete(key), 'the peer to be removed exists');
      continue;
    }
    assert.equal(verb, 'allowed-ips');
    const [address = ''] = words.splice(0, 1);
    for (const [other, allowedIps] of kernel) {
      kernel.set(
        other,
        allowedIps.filter((allowedIp) => allowedIp !== address),
      );
    }
    kernel.set(key, [address]);
  }
  return kernel;
}
