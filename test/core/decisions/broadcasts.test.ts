import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { planChanges } from '../../../src/core/changes/plan.ts';
import type { DomainView } from '../../../src/core/decisions/admission.ts';
import { BROADCAST_SOURCE, deriveHousehold } from '../../../src/core/peers/households.ts';
import { PeerRecord, type Registration } from '../../../src/core/peers/record.ts';
import { parseIpAddress } from '../../../src/core/values/ip-address.ts';
import { type PublicKey, parsePublicKey } from '../../../src/core/values/public-key.ts';
import { COLLIDING_KEYS, DOMAIN, MOMENT, ourPeer, type Surroundings, viewOf } from '../arbitraries.ts';

const HERE = parseIpAddress('2001:db8::1');
const [TWIN, COLLIDING] = COLLIDING_KEYS[0];
const keyOf = (number: number) => parsePublicKey(Buffer.from(String(number + 1).padStart(32, 'k')).toString('base64'));
const broadcast = (key: PublicKey) => ({ domain: DOMAIN, key, broadcast: true }) as const;

describe('keys that come by a topic', () => {
  test('hold half of max_pending, however many come, and then evict one another, the oldest first', () => {
    const view = viewOf([], { maxPending: 11 });
    const { refused, changes } = planChanges(
      Array.from({ length: 100 }, (_, index) => broadcast(keyOf(index))),
      view,
    );
    assert.deepEqual(refused, []);
    assert.deepEqual([...view.peers.pending], [95, 96, 97, 98, 99].map(keyOf));
    const evicted = changes.flatMap((change) => change.evicted.map(({ key }) => key));
    assert.deepEqual(
      evicted,
      Array.from({ length: 95 }, (_, index) => keyOf(index)),
    );
  });

  test('are refused where no key may be pending', () => {
    for (const maxPending of [0, 1]) {
      const { refused } = planChanges([broadcast(keyOf(0))], viewOf([], { maxPending }));
      assert.deepEqual(
        refused.map(({ code }) => code),
        ['FULL'],
      );
    }
  });

  test('leave alone the keys of routers that came themselves, old or not', () => {
    for (const surroundings of [{ maxPending: 4 }, { maxPeers: 4 }]) {
      const { view } = pendingFrom([undefined, HERE, HERE, HERE], surroundings);
      const { refused } = planChanges([broadcast(keyOf(10)), broadcast(keyOf(11))], view);
      assert.deepEqual(
        refused.map(({ code }) => code),
        ['FULL', 'FULL'],
      );
    }
  });

  test('take the address only of one another', () => {
    for (const [source, expected] of [
      [undefined, ['ADDRESS_TAKEN']],
      [deriveHousehold(HERE), ['ADDRESS_TAKEN']],
      [BROADCAST_SOURCE, []],
    ] as const) {
      const registrations = new Map<PublicKey, Partial<Registration>>([[TWIN, { source, isProtected: false }]]);
      const { refused } = planChanges([broadcast(COLLIDING)], viewOf([ourPeer(TWIN)], { registrations }));
      assert.deepEqual(
        refused.map(({ code }) => code),
        expected,
      );
    }
  });

  test('are not greedy together, but can be evicted after 60 s', () => {
    const { view } = pendingFrom(Array(10).fill('topic'), { maxPending: 10 }, 59);
    assert.equal(planChanges([{ domain: DOMAIN, key: keyOf(20), from: HERE }], view).refused[0]?.code, 'FULL');
    const { view: later } = pendingFrom(Array(10).fill('topic'), { maxPending: 10 }, 61);
    assert.deepEqual(planChanges([{ domain: DOMAIN, key: keyOf(20), from: HERE }], later).refused, []);
  });

  test('are no such keys any more once their router comes itself, from wherever; the other way round nothing changes', () => {
    for (const from of [HERE, undefined]) {
      const { view } = pendingFrom(['topic'], {}, 20);
      planChanges([{ domain: DOMAIN, key: keyOf(0), ...(from === undefined ? {} : { from }) }], view);
      assert.equal(sourceOf(view, keyOf(0)), from && deriveHousehold(from));
    }
    for (const source of [HERE, undefined, 'topic'] as const) {
      const { view } = pendingFrom([source], {}, 20);
      const before = sourceOf(view, keyOf(0));
      planChanges([broadcast(keyOf(0))], view);
      assert.equal(sourceOf(view, keyOf(0)), before);
    }
  });

  test('are known again after the record was written and read', () => {
    const view = viewOf([], {});
    const { lines } = planChanges([broadcast(keyOf(0))], view);
    const read = PeerRecord.parse(`wgkex-record 1 boot\n${lines.join('\n')}\n`);
    assert.equal(read.registrations.get(keyOf(0))?.source, BROADCAST_SOURCE);
  });

  test('never hold more than half, whatever else registers', () => {
    const exchange = fc.tuple(fc.nat(40), fc.boolean());
    fc.assert(
      fc.property(fc.array(exchange, { maxLength: 80 }), fc.nat(12), (all, maxPending) => {
        const view = viewOf([], { maxPending });
        for (const [number, isBroadcast] of all) {
          const key = keyOf(number);
          planChanges([isBroadcast ? broadcast(key) : { domain: DOMAIN, key, from: HERE }], view);
          const found = [...view.peers.pending].filter((one) => sourceOf(view, one) === BROADCAST_SOURCE);
          assert.ok(found.length <= maxPending / 2, `${found.length} of ${maxPending}`);
        }
      }),
      { numRuns: 200 },
    );
  });
});

type From = typeof HERE | 'topic' | undefined;

/** Numbered pending keys of an age in seconds. */
function pendingFrom(sources: readonly From[], surroundings: Surroundings, age = 3000) {
  const registrations = new Map<PublicKey, Partial<Registration>>();
  const at = MOMENT.monotonic - age;
  for (const [index, from] of sources.entries()) {
    const source = from === 'topic' ? BROADCAST_SOURCE : from && deriveHousehold(from);
    registrations.set(keyOf(index), { registeredAt: at, pendingSince: at, source });
  }
  const peers = [...registrations.keys()].map((key) => ourPeer(key));
  return { view: viewOf(peers, { ...surroundings, registrations }) };
}

function sourceOf({ record }: DomainView, key: PublicKey) {
  return record.registrations.get(key)?.source;
}
