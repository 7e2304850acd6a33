import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { DomainView } from '../../src/core/admission.ts';
import {
  buildEntryLines,
  buildEntryRemoval,
  buildPeerWords,
  buildRouteLines,
  type PeerChange,
  planChanges,
} from '../../src/core/changes.ts';
import type { Exchange } from '../../src/core/exchange.ts';
import { parseIpAddress } from '../../src/core/ip-address.ts';
import { deriveLinkAddress } from '../../src/core/link-address.ts';
import type { Peer } from '../../src/core/peers.ts';
import type { PublicKey } from '../../src/core/public-key.ts';
import {
  addressOf,
  COLLIDING_KEYS,
  DOMAIN,
  KEYS,
  keyPool,
  NOW,
  ourPeer,
  type Situation,
  situations,
  VXLAN,
  viewOf,
  WIREGUARD,
} from './arbitraries.ts';

const HERE = parseIpAddress('2001:db8::1');
const THERE = parseIpAddress('2001:db8::2');
const SETTINGS = { wireguard: WIREGUARD, vxlan: VXLAN, fdb: ['flood', 'unicast'], route: true } as const;
const [KEY, OTHER] = KEYS;
const [TWIN, COLLIDING] = COLLIDING_KEYS[0];

const ask = (key: PublicKey, from = HERE): Exchange => ({ domain: DOMAIN, key, from });
const batches = fc.array(
  fc.tuple(keyPool, fc.constantFrom(HERE, THERE)).map(([key, from]) => ask(key, from)),
  {
    maxLength: 12,
  },
);

test('a new key is added with its address and its entries', () => {
  const [change] = planOf([ask(KEY)]).changes;
  assert.deepEqual(wordsOf(change), ['peer', KEY, 'allowed-ips', 'fe80::7c:16ff:fec0:6c74/128']);
  assert.deepEqual(entriesOf(change), [
    'fdb append 00:00:00:00:00:00 dev vxww01 dst fe80::7c:16ff:fec0:6c74 via wgww01',
    'fdb replace 02:7c:16:c0:6c:74 dev vxww01 dst fe80::7c:16ff:fec0:6c74 via wgww01',
  ]);
  assert.deepEqual(routesOf(change), ['route replace fe80::7c:16ff:fec0:6c74/128 dev wgww01']);
});

test('a key that is there is removed and added again, and keeps its entries', () => {
  const [change] = planOf([ask(KEY)], [ourPeer(KEY)]).changes;
  const address = 'fe80::7c:16ff:fec0:6c74/128';
  assert.deepEqual(wordsOf(change), ['peer', KEY, 'remove', 'peer', KEY, 'allowed-ips', address]);
  assert.deepEqual(entriesOf(change), entriesOf(planOf([ask(KEY)]).changes[0]));
});

test('a live session is left as it is, and its entries are seen to', () => {
  const [change] = planOf([ask(KEY)], [ourPeer(KEY, { lastHandshake: NOW, endpoint: THERE })]).changes;
  assert.deepEqual(wordsOf(change), []);
  assert.deepEqual(entriesOf(change), entriesOf(planOf([ask(KEY)]).changes[0]));
  assert.deepEqual(routesOf(change), ['route replace fe80::7c:16ff:fec0:6c74/128 dev wgww01']);
});

test('who makes room goes first, with its entries and its route', () => {
  const firstSeen = () => NOW - 60;
  const [change] = planOf([ask(KEY)], [ourPeer(OTHER)], { maxPeers: 1, firstSeen }).changes;
  const added = ['peer', KEY, 'allowed-ips', 'fe80::7c:16ff:fec0:6c74/128'];
  assert.deepEqual(wordsOf(change), ['peer', OTHER, 'remove', ...added]);
  assert.deepEqual(entriesOf(change), [
    'fdb append 00:00:00:00:00:00 dev vxww01 dst fe80::81:8eff:fef0:73aa via wgww01',
    'fdb del 00:00:00:00:00:00 dev vxww01 dst fe80::81:8eff:fef0:73aa via wgww01',
    'fdb replace 02:81:8e:f0:73:aa dev vxww01 dst fe80::81:8eff:fef0:73aa via wgww01',
    'fdb del 02:81:8e:f0:73:aa dev vxww01 dst fe80::81:8eff:fef0:73aa via wgww01',
    'fdb append 00:00:00:00:00:00 dev vxww01 dst fe80::7c:16ff:fec0:6c74 via wgww01',
    'fdb replace 02:7c:16:c0:6c:74 dev vxww01 dst fe80::7c:16ff:fec0:6c74 via wgww01',
  ]);
  assert.deepEqual(routesOf(change), [
    'route replace fe80::81:8eff:fef0:73aa/128 dev wgww01',
    'route del fe80::81:8eff:fef0:73aa/128 dev wgww01',
    'route replace fe80::7c:16ff:fec0:6c74/128 dev wgww01',
  ]);
});

test('only the entries and routes that the domain asks for are made', () => {
  const [change] = planOf([ask(KEY)]).changes;
  assert.ok(change !== undefined);
  assert.deepEqual(buildRouteLines(change, { ...SETTINGS, route: false }), []);
  const unicast = 'fdb replace 02:7c:16:c0:6c:74 dev vxww01 dst fe80::7c:16ff:fec0:6c74 via wgww01';
  assert.deepEqual(buildEntryLines(change, { ...SETTINGS, fdb: ['unicast'] }), [unicast]);
});

test('a router that goes loses every entry', () => {
  const router = deriveLinkAddress(KEY, 'eui64');
  const lines = buildEntryRemoval(router, SETTINGS);
  assert.deepEqual(
    lines.filter((line) => line.startsWith('fdb del ')),
    [
      'fdb del 00:00:00:00:00:00 dev vxww01 dst fe80::7c:16ff:fec0:6c74 via wgww01',
      'fdb del 02:7c:16:c0:6c:74 dev vxww01 dst fe80::7c:16ff:fec0:6c74 via wgww01',
    ],
  );
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

test('requests for the same live session share one change, and one from its endpoint renews it', () => {
  const live = ourPeer(KEY, { lastHandshake: NOW, endpoint: THERE });
  const kinds = (...exchanges: Exchange[]) =>
    planOf(exchanges, [live]).changes.map(({ kind, exchanges: some }) => [kind, some.length]);
  assert.deepEqual(kinds(ask(KEY), ask(KEY)), [['keep', 2]]);
  assert.deepEqual(kinds(ask(KEY), ask(KEY, THERE), ask(KEY)), [
    ['keep', 1],
    ['reset', 2],
  ]);
  assert.deepEqual(kinds(ask(KEY, THERE), ask(KEY)), [['reset', 2]]);
});

test('of two new keys that collide the second takes the address, as the first has not connected', () => {
  const { changes } = planOf([ask(TWIN), ask(COLLIDING)]);
  assert.deepEqual(
    changes.map(({ kind, router, evicted }) => [kind, router.key, evicted.map(({ key }) => key)]),
    [
      ['add', TWIN, []],
      ['add', COLLIDING, [TWIN]],
    ],
  );
  assert.equal(addressOf(TWIN), addressOf(COLLIDING));
});

test('a key that lost its address in the same batch and comes again is decided anew', () => {
  const view = viewOf([]);
  const { changes } = planChanges([ask(TWIN), ask(COLLIDING), ask(TWIN)], view, NOW);
  const kernel = applyToKernel([], changes);
  assert.deepEqual([...kernel.keys()], [TWIN]);
});

test('a new key finds no room where one of the same batch took it', () => {
  const { changes, refused } = planOf([ask(KEY), ask(OTHER)], [], { maxPeers: 1 });
  assert.deepEqual([changes.length, refused], [1, [{ exchange: ask(OTHER), code: 'FULL' }]]);
});

test('every request of a batch is refused or served, once', () => {
  fc.assert(
    fc.property(situations, batches, (situation, exchanges) => {
      const { refused, changes } = plan(situation, exchanges);
      const answered = [...refused.map(({ exchange }) => exchange), ...changes.flatMap((change) => change.exchanges)];
      assert.equal(answered.length, exchanges.length);
      assert.deepEqual(new Set(answered), new Set(exchanges));
    }),
  );
});

test('after a batch the kernel has what the table says, and everything of the operator as it was', () => {
  fc.assert(
    fc.property(situations, batches, (situation, exchanges) => {
      const { changes, view } = plan(situation, exchanges);
      const kernel = applyToKernel(situation.peers, changes);
      const expected = [...view.peers.operators, ...view.peers.ours.values()];
      assert.deepEqual(kernel, new Map(expected.map(({ key, allowedIps }) => [key, [...allowedIps]])));
      const untouched = viewOf(situation.peers).peers.operators;
      assert.deepEqual([...view.peers.operators], [...untouched]);
    }),
    { numRuns: 500 },
  );
});

test('a batch never leaves more peers than max_peers', () => {
  fc.assert(
    fc.property(situations, batches, (situation, exchanges) => {
      const { view } = plan(situation, exchanges);
      assert.ok(view.peers.ours.size <= view.maxPeers);
    }),
    { numRuns: 500 },
  );
});

test('new keys never bring the pending ones beyond max_pending', () => {
  fc.assert(
    fc.property(situations, batches, (situation, exchanges) => {
      const { view, changes } = plan(situation, exchanges);
      // Whoever had a handshake once may return, and is pending again, however many do.
      const returned = changes.filter(({ kind, router }) => kind === 'reset' && isHeard(situation, router.key));
      const replaced = changes.filter(({ evicted }) => evicted.some(({ key }) => isHeard(situation, key)));
      assert.ok(view.peers.pending.size <= view.maxPending + returned.length + replaced.length);
    }),
    { numRuns: 500 },
  );
});

test('no peer with a handshake within stale_after is removed by the request of another key', () => {
  fc.assert(
    fc.property(situations, batches, (situation, exchanges) => {
      const { changes } = plan(situation, exchanges);
      const evicted = new Set(changes.flatMap((change) => change.evicted.map(({ key }) => key)));
      const asked = new Set(exchanges.map(({ key }) => key));
      for (const { key, lastHandshake } of situation.peers) {
        const isFresh = lastHandshake !== 'never' && NOW - lastHandshake <= 3600;
        if (isFresh && !asked.has(key)) assert.ok(!evicted.has(key));
      }
    }),
    { numRuns: 500 },
  );
});

test('every line for bridge names the destination and the interface', () => {
  fc.assert(
    fc.property(situations, batches, (situation, exchanges) => {
      for (const line of plan(situation, exchanges).changes.flatMap(entriesOf)) {
        assert.match(line, /^fdb (append|replace|del) [0-9a-f:]{17} dev vxww01 dst fe80::[0-9a-f:]+ via wgww01$/);
      }
    }),
  );
});

function plan({ peers, surroundings }: Situation, exchanges: readonly Exchange[]) {
  const view = viewOf(peers, surroundings);
  return { ...planChanges(exchanges, view, NOW), view };
}

function planOf(exchanges: readonly Exchange[], peers: readonly Peer[] = [], surroundings: Partial<DomainView> = {}) {
  return plan({ peers, surroundings }, exchanges);
}

function isHeard({ peers }: Situation, key: PublicKey): boolean {
  return peers.some((peer) => peer.key === key && peer.lastHandshake !== 'never');
}

function wordsOf(change: PeerChange | undefined): string[] {
  return change === undefined ? [] : buildPeerWords(change);
}

function entriesOf(change: PeerChange | undefined): string[] {
  return change === undefined ? [] : buildEntryLines(change, SETTINGS);
}

function routesOf(change: PeerChange | undefined): string[] {
  return change === undefined ? [] : buildRouteLines(change, SETTINGS);
}

/** What `wg set` does: an allowed IP moves from one peer to another without a word. Removals of nobody are too dear. */
function applyToKernel(peers: readonly Peer[], changes: readonly PeerChange[]): Map<PublicKey, string[]> {
  const kernel = new Map(peers.map(({ key, allowedIps }) => [key, [...allowedIps]]));
  const words = changes.flatMap(wordsOf);
  while (words.length > 0) {
    const [peer, key, verb] = words.splice(0, 3) as [string, PublicKey, string];
    assert.equal(peer, 'peer');
    if (verb === 'remove') {
      assert.ok(kernel.delete(key), 'the peer to be removed is there');
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
