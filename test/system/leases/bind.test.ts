import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { DomainName } from '../../../src/core/values/names.ts';
import type { LeaseTable } from '../../../src/system/leases/lease-table.ts';
import { NOW } from '../../core/arbitraries.ts';
import {
  address4Of,
  address6Of,
  binding,
  bound,
  END,
  keyOf,
  leaseId,
  MEMBERS,
  makeDirectories,
  open,
  unbound,
} from './scene.ts';

const makeDirectory = makeDirectories();
let table: LeaseTable;
beforeEach(async () => {
  table = open(makeDirectory());
  for (const number of [1, 2, 3, 4]) await table.grant(unbound(number));
});

const find = (number: number) => table.find(leaseId(number));

test('several leases are bound at once', async () => {
  assert.deepEqual(await table.bind([binding(1), binding(2)]), [true, true]);
  assert.deepEqual(await table.readBound(MEMBERS), [bound(1), bound(2)]);
  assert.deepEqual(await table.bind([]), []);
});

test('a lease may have an address of one family only', async () => {
  const four = { ...binding(1), address6: undefined };
  const six = { ...binding(2), address4: undefined };
  assert.deepEqual(await table.bind([four, six, { ...binding(3), address6: undefined }]), [true, true, true]);
  assert.deepEqual(await find(1), bound(1, { address6: undefined }));
  assert.deepEqual(await find(2), bound(2, { address4: undefined }));
});

const CONFLICTS = [
  ['key', { ...binding(2), key: keyOf(1) }],
  ['IPv4 address', { ...binding(2), address4: address4Of(1) }],
  ['IPv6 address', { ...binding(2), address6: address6Of(1) }],
] as const;
for (const [name, conflicting] of CONFLICTS) {
  test(`the ${name} of a lease that lasts is refused, and the others of the batch are bound`, async () => {
    assert.deepEqual(await table.bind([binding(1)]), [true]);
    assert.deepEqual(await table.bind([conflicting, binding(3)]), [false, true]);
    assert.deepEqual([await find(1), await find(2), await find(3)], [bound(1), unbound(2), bound(3)]);
  });

  test(`of two with one ${name} in a batch one is bound`, async () => {
    const done = await table.bind([binding(1), conflicting, binding(3)]);
    assert.deepEqual([done.filter((each) => each).length, done[2]], [2, true]);
    assert.equal((await table.readBound(MEMBERS)).length, 2);
  });

  test(`an ended lease loses its ${name} to the one that gets it`, async () => {
    await table.bind([binding(1)]);
    await table.revoke(leaseId(1), NOW);
    assert.deepEqual(await table.bind([conflicting]), [true]);
    const { address4, address6, key, id: _, now } = conflicting;
    assert.deepEqual(await find(2), unbound(2, { address4, address6, key, bound: now }));
    const lost = name === 'key' ? { key: undefined } : { address4: undefined, address6: undefined };
    assert.deepEqual(await find(1), bound(1, { ended: NOW, ...lost }));
  });

  test(`another domain may have the same ${name}`, async () => {
    await table.grant(unbound(5, { domain: 'guests' as DomainName }));
    await table.bind([binding(5, { key: 1, address: 1 })]);
    assert.deepEqual(await table.bind([binding(1)]), [true]);
  });
}

test('an ended lease keeps what a refused binding wanted', async () => {
  await table.bind([binding(1), binding(2)]);
  await table.revoke(leaseId(1), NOW);
  assert.deepEqual(await table.bind([{ ...binding(3), key: keyOf(1), address4: address4Of(2) }]), [false]);
  assert.deepEqual(await find(1), bound(1, { ended: NOW }));
});

test('a lease is bound once', async () => {
  await table.bind([binding(1)]);
  assert.deepEqual(await table.bind([binding(1, { key: 9, address: 9 })]), [false]);
  assert.deepEqual(await find(1), bound(1));
});

test('of two keys for one lease in a batch one is bound', async () => {
  const done = await table.bind([binding(1), binding(1, { key: 9, address: 9 })]);
  assert.deepEqual([...done].sort(), [false, true]);
  assert.equal((await find(1))?.key, done[0] ? keyOf(1) : keyOf(9));
});

test('a lease that is over, has ended or does not exist is not bound', async () => {
  await table.revoke(leaseId(1), NOW);
  const late = binding(2, { now: END });
  assert.deepEqual(await table.bind([binding(1), late, binding(9)]), [false, false, false]);
  assert.deepEqual(await table.readBound(MEMBERS), []);
  assert.deepEqual(await table.bind([binding(2, { now: END - 1 })]), [true]);
});

test('of two processes that give out one address one wins', async () => {
  const other = open(table.path.replace(/\/leases\.db$/, ''));
  for (let round = 0; round < 10; round++) {
    const [one, two] = [10 + 2 * round, 11 + 2 * round];
    await Promise.all([table.grant(unbound(one)), other.grant(unbound(two))]);
    const bindings = [binding(one), binding(two, { address: one })] as const;
    const done = await Promise.all([table.bind([bindings[0]]), other.bind([bindings[1]])]);
    assert.deepEqual(done.flat().sort(), [false, true]);
  }
  assert.equal((await table.readBound(MEMBERS)).length, 10);
});
