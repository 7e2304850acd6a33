import assert from 'node:assert/strict';
import test from 'node:test';
import { registerDecision, registerRestored } from '../../../src/core/changes/registering.ts';
import { findRecordedSource, type Registration, UNRECORDED } from '../../../src/core/peers/record.ts';
import { parseIpAddress } from '../../../src/core/values/ip-address.ts';
import { addressOf, KEYS, MOMENT, NOW, ourPeer, routerOf, SOURCES, type Surroundings, viewOf } from '../arbitraries.ts';

const [KEY, OTHER, THIRD, FOURTH] = KEYS;
const [HERE, SAME_SITE, THERE] = [SOURCES[0], SOURCES[2], SOURCES[4]];
const { monotonic } = MOMENT;
const HEARD = { at: NOW - 4000, readAt: monotonic - 4000 };
const from = (address: typeof HERE) => findRecordedSource(address);

/** Four pending keys, with these sources. */
function pending(...sources: (typeof HERE)[]): [peers: ReturnType<typeof ourPeer>[], surroundings: Surroundings] {
  const entries = sources.map((source, index) => [KEYS[index] ?? KEY, { source: from(source) }] as const);
  return [entries.map(([key]) => ourPeer(key)), { registrations: new Map(entries) }];
}

test('a new key is recorded with its time, its household and the protection of its address, and as its holder', () => {
  const view = viewOf([]);
  const { lines } = registerDecision({ kind: 'add', evicted: [] }, { router: routerOf(KEY), from: HERE }, view);
  const expected = { ...UNRECORDED, registeredAt: monotonic, pendingSince: monotonic, source: from(HERE) };
  assert.deepEqual(view.record.registrations.get(KEY), { ...expected, isProtected: true });
  assert.ok(view.record.hasHeld(addressOf(KEY), from(HERE), MOMENT));
  assert.deepEqual(
    lines.map((line) => line.split(' ')[0]),
    ['key', 'hold'],
  );
});

test('a household that held an address within the last hour does not protect it again', () => {
  const view = viewOf([], { holds: [[addressOf(KEY), from(HERE)]] });
  registerDecision({ kind: 'add', evicted: [] }, { router: routerOf(KEY), from: HERE }, view);
  assert.equal(view.record.registrations.get(KEY)?.isProtected, false);
});

test('a key that comes back as a new peer keeps its recorded handshake and nothing else', () => {
  const former: Partial<Registration> = { heard: HEARD, isLeaving: true, restores: 2, isReset: true };
  const view = viewOf([], { registrations: new Map([[KEY, former]]) });
  registerDecision({ kind: 'add', evicted: [] }, { router: routerOf(KEY), from: HERE }, view);
  const { heard, isLeaving, restores, isReset } = view.record.registrations.get(KEY) ?? UNRECORDED;
  assert.deepEqual(
    { heard, isLeaving, restores, isReset },
    { heard: HEARD, isLeaving: false, restores: 0, isReset: false },
  );
});

test('a reset renews neither the age of a pending key nor its protection, and keeps its handshake', () => {
  const pendingSince = monotonic - 30;
  const known = { registeredAt: pendingSince, pendingSince, isProtected: true, heard: HEARD };
  const view = viewOf([ourPeer(KEY)], { registrations: new Map([[KEY, known]]) });
  const { lines } = registerDecision({ kind: 'reset', evicted: [] }, { router: routerOf(KEY), from: HERE }, view);
  const expected = { ...UNRECORDED, ...known, registeredAt: monotonic, isReset: true };
  assert.deepEqual({ ...view.record.registrations.get(KEY), source: undefined }, expected);
  assert.deepEqual(
    lines.map((line) => line.split(' ')[0]),
    ['key'],
    'no hold',
  );
});

test('an evicted peer is recorded as leaving, and keeps its handshake in the record', () => {
  const view = viewOf([ourPeer(OTHER)], { registrations: new Map([[OTHER, { heard: HEARD }]]) });
  const { lines } = registerDecision({ kind: 'add', evicted: [OTHER] }, { router: routerOf(KEY), from: HERE }, view);
  const { heard, isLeaving } = view.record.registrations.get(OTHER) ?? UNRECORDED;
  assert.deepEqual([heard, isLeaving, view.peers.ours.has(OTHER)], [HEARD, true, false]);
  assert.match(lines[0] ?? '', new RegExp(`^key ${OTHER.replaceAll('+', '\\+')} `), 'before the newcomer');
});

for (const kind of ['keep', 'reset'] as const) {
  const register = (
    peers: ReturnType<typeof ourPeer>[],
    surroundings: Surroundings,
    asker: typeof HERE | undefined,
  ) => {
    const view = viewOf(peers, surroundings);
    const decision = kind === 'keep' ? { kind } : { kind, evicted: [] };
    const { lines } = registerDecision(decision, { router: routerOf(KEY), from: asker }, view);
    return { source: view.record.registrations.get(KEY)?.source, lines: lines.length };
  };

  test(`${kind}: a pending key counts for the household with fewer pending keys, and stays on a tie`, () => {
    assert.equal(register(...pending(HERE, HERE, HERE, THERE), THERE).source, from(THERE));
    assert.equal(register(...pending(HERE, HERE, THERE, THERE), THERE).source, from(HERE));
    assert.equal(register(...pending(HERE, HERE, THERE), THERE).source, from(HERE), 'a tie without this key');
    assert.equal(register(...pending(HERE, THERE, THERE), THERE).source, from(HERE));
    assert.equal(register(...pending(HERE, HERE, HERE, THERE), SAME_SITE).source, from(SAME_SITE));
  });

  test(`${kind}: a pending key without a household gets the first one that asks, and keeps it`, () => {
    assert.equal(register([ourPeer(KEY)], {}, THERE).source, from(THERE));
    assert.equal(register(...pending(HERE), undefined).source, from(HERE));
  });

  test(`${kind}: a key that had a handshake gets no household`, () => {
    const peers = [ourPeer(KEY, { lastHandshake: NOW })];
    assert.equal(register(peers, {}, THERE).source, undefined);
  });
}

test('a kept key adds a line to the record only if its household changes', () => {
  const keep = (peers: ReturnType<typeof ourPeer>[], surroundings: Surroundings, asker: typeof HERE) =>
    registerDecision({ kind: 'keep' }, { router: routerOf(KEY), from: asker }, viewOf(peers, surroundings)).lines
      .length;
  assert.equal(keep(...pending(HERE), HERE), 0);
  assert.equal(keep(...pending(HERE), THERE), 0);
  assert.equal(keep(...pending(HERE, HERE, HERE), THERE), 1);
  assert.equal(keep([ourPeer(KEY, { lastHandshake: NOW })], {}, THERE), 0);
});

test('a restored key counts as added now and restored once more, and keeps its recorded handshake', () => {
  const known: Registration = {
    ...UNRECORDED,
    isReset: true,
    restores: 1,
    heard: HEARD,
    source: from(parseIpAddress('192.0.2.9')),
  };
  const view = viewOf([ourPeer(THIRD), ourPeer(FOURTH)], { registrations: new Map([[KEY, known]]) });
  const { change, lines } = registerRestored(routerOf(KEY), view);
  assert.deepEqual(change, { kind: 'add', router: view.peers.describe(KEY), evicted: [] });
  const expected = { ...known, registeredAt: monotonic, pendingSince: monotonic, isReset: false, restores: 2 };
  assert.deepEqual(view.record.registrations.get(KEY), expected);
  assert.ok(view.peers.ours.has(KEY));
  assert.equal(lines.length, 1);
});
