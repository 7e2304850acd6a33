import assert from 'node:assert/strict';
import test from 'node:test';
import { registerDecision } from '../../../src/core/changes/registering.ts';
import { deriveHousehold, deriveSite } from '../../../src/core/peers/households.ts';
import type { Registration } from '../../../src/core/peers/record.ts';
import { parseIpAddress } from '../../../src/core/values/ip-address.ts';
import { type PublicKey, parsePublicKey } from '../../../src/core/values/public-key.ts';
import { MOMENT, NOW, ourPeer, routerOf, type Surroundings, viewOf } from '../arbitraries.ts';

const keyOf = (number: number) => parsePublicKey(Buffer.alloc(32, number + 1).toString('base64'));
const never = () => false;
const [A, B, C, ELSEWHERE] = ['2001:db8:0:0::1', '2001:db8:0:100::1', '2001:db8:0:200::1', '198.51.100.1'].map(
  parseIpAddress,
) as [IpAddress, IpAddress, IpAddress, IpAddress];
type IpAddress = ReturnType<typeof parseIpAddress>;

/** Numbered pending keys, oldest first; each 0.1 s younger than the one before it. */
function pendingFrom(sources: readonly (IpAddress | undefined)[], surroundings: Surroundings = {}, oldest = 50) {
  const registrations = new Map<PublicKey, Partial<Registration>>();
  for (const [index, from] of sources.entries()) {
    const at = MOMENT.monotonic - oldest + index / 10;
    registrations.set(keyOf(index), { registeredAt: at, pendingSince: at, source: from && deriveHousehold(from) });
  }
  const peers = [...registrations.keys()].map((key) => ourPeer(key)).reverse();
  return viewOf(peers, { maxPending: sources.length, ...surroundings, registrations });
}
const strangers = (count: number) => Array.from({ length: count }, (_, index) => parseIpAddress(`203.0.${index}.1`));

test('the oldest pending key is evicted once it has had 60 s', () => {
  assert.equal(pendingFrom(strangers(20), {}, 60).room.findPending(false, never), keyOf(0));
  assert.equal(pendingFrom(strangers(20), {}, 59.9).room.findPending(false, never), undefined);
});

const SHARES = [
  ['a household that has a tenth', [...strangers(18), A, A], undefined],
  ['a household that has more than a tenth', [...strangers(17), A, A, A], 17],
  ['an IPv4 address that has more than a tenth', [...strangers(17), ELSEWHERE, ELSEWHERE, ELSEWHERE], 17],
  ['a site that has a fifth', [...strangers(16), A, A, B, B], undefined],
  ['a site that has more than a fifth', [...strangers(15), A, A, B, B, C], 15],
  ['the keys without a source', Array.from({ length: 20 }, () => undefined), undefined],
] as const;
for (const [name, sources, expected] of SHARES) {
  test(`of 20 pending keys, ${expected === undefined ? 'none' : 'the oldest one'} of ${name} is evicted`, () => {
    const found = pendingFrom(sources).room.findPending(false, never);
    assert.equal(found, expected === undefined ? undefined : keyOf(expected));
  });
}

test('a newcomer with a claim evicts the oldest pending key without one', () => {
  const { room } = pendingFrom(strangers(20));
  const hasClaim = (key: PublicKey) => key === keyOf(0);
  assert.equal(room.findPending(true, hasClaim), keyOf(1));
  assert.equal(room.findPending(false, hasClaim), undefined);
  assert.equal(
    room.findPending(true, () => true),
    undefined,
  );
});

/** Numbered connected peers, with their endpoints and the times that they were silent. */
function connected(peers: readonly (readonly [endpoint: IpAddress, silentSeconds: number])[]) {
  const some = peers.map(([endpoint, silent], index) =>
    ourPeer(keyOf(index), { endpoint, lastHandshake: NOW - silent }),
  );
  return viewOf(some, { maxPeers: peers.length });
}
const others = (count: number) => strangers(count).map((endpoint) => [endpoint, 900] as const);

const CONNECTED = [
  ['no source has more than a tenth', others(20), undefined],
  ['a /56 has more', [...others(17), [A, 200], [A, 180], [A, 300]], 19],
  ['a /48 has more', [...others(17), [A, 200], [B, 300], [C, 190]], 18],
  ['an IPv4 address has more', [...others(17), [ELSEWHERE, 200], [ELSEWHERE, 1], [ELSEWHERE, 300]], 19],
  ['the greediest are live', [...others(17), [A, 1], [A, 179], [A, 10]], undefined],
  ['one was silent for 180 s', [...others(17), [A, 1], [A, 180], [A, 10]], 18],
  ['two have more', [...others(13), [B, 900], [B, 900], [B, 900], ...Array(4).fill([ELSEWHERE, 300])], 16],
] as const;
for (const [name, peers, expected] of CONNECTED) {
  test(`of 20 connected peers, if ${name}, ${expected === undefined ? 'none' : 'one'} is evicted`, () => {
    const found = connected(peers as Parameters<typeof connected>[0]).room.findConnected();
    assert.equal(found, expected === undefined ? undefined : keyOf(expected));
  });
}

test('a key that registers again stays the oldest one, even in the same batch', () => {
  const view = pendingFrom(strangers(20), {}, 70);
  assert.equal(view.room.findPending(false, never), keyOf(0));
  registerDecision({ kind: 'reset', evicted: [] }, { router: routerOf(keyOf(0)), from: A }, view);
  assert.equal(view.room.findPending(false, never), keyOf(0));
});

test('a stale peer that is reset keeps its age among the pending keys', () => {
  const view = pendingFrom(strangers(3), { registrations: new Map() }, 30);
  const stale = keyOf(9);
  const registrations = new Map(view.record.registrations).set(stale, {
    ...view.record.registrations.get(keyOf(0)),
    pendingSince: 1,
  } as Registration);
  const all = viewOf([...view.peers.ours.values(), ourPeer(stale, { lastHandshake: NOW - 9000 })], { registrations });
  assert.equal(all.room.findPending(false, never), keyOf(0) && undefined);
  registerDecision({ kind: 'reset', evicted: [] }, { router: routerOf(stale), from: A }, all);
  assert.equal(all.room.findPending(false, never), stale);
});

test('a pending key counts for the household with fewer pending keys, and for the first one on a tie', () => {
  const sourceAfter = (sources: readonly IpAddress[], from: IpAddress) => {
    const view = pendingFrom(sources);
    registerDecision({ kind: 'keep' }, { router: routerOf(keyOf(0)), from }, view);
    return view.record.registrations.get(keyOf(0))?.source;
  };
  assert.equal(sourceAfter([A, A], ELSEWHERE), deriveHousehold(ELSEWHERE));
  assert.equal(sourceAfter([A], ELSEWHERE), deriveHousehold(A));
  assert.equal(sourceAfter([A, A, ELSEWHERE], ELSEWHERE), deriveHousehold(A));
});

test('a household is an IPv4 address or a /56, its site the /24 or /48 around it', () => {
  assert.deepEqual([A, ELSEWHERE].map(deriveHousehold), ['2001:db8::/56', '198.51.100.1']);
  assert.deepEqual([B, ELSEWHERE].map(deriveHousehold).map(deriveSite), ['2001:db8::/48', '198.51.100.0/24']);
});
