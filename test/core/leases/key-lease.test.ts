import assert from 'node:assert/strict';
import test from 'node:test';
import { findKeyLease } from '../../../src/core/leases/key-lease.ts';
import type { Lease } from '../../../src/core/leases/lease.ts';
import { KEYS } from '../arbitraries.ts';

const [KEY, OTHER] = KEYS;
const BOUND = lease('bound', { key: KEY });
const ENDED = lease('ended', { key: KEY, ended: 100 });
const LATER = lease('later', { key: KEY, ended: 200 });
const RELEASED = lease('released', { key: OTHER, usedKeys: [KEY] });

function lease(id: string, given: Partial<Lease>): Lease {
  return { id, ended: undefined, key: undefined, usedKeys: [], ...given } as unknown as Lease;
}

test('a lease that lasts says more about a key than one that ended, and that more than one it was released from', () => {
  const cases: readonly [readonly Lease[], string | undefined][] = [
    [[RELEASED, ENDED, BOUND], 'bound'],
    [[RELEASED, ENDED, LATER], 'later'],
    [[RELEASED, lease('unbound', {})], 'released'],
    [[lease('of another', { key: OTHER })], undefined],
  ];
  for (const [leases, expected] of cases) assert.equal(findKeyLease(KEY, leases)?.lease.id, expected);
  assert.deepEqual(
    [BOUND, LATER, RELEASED].map((one) => findKeyLease(KEY, [one])?.state),
    ['bound', 'ended', 'released'],
  );
});
