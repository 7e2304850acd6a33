import assert from 'node:assert/strict';
import { chmodSync, readdirSync } from 'node:fs';
import { beforeEach, describe, test } from 'node:test';
import type { Lease, LeaseId } from '../../../src/core/leases/lease.ts';
import type { DomainName } from '../../../src/core/values/names.ts';
import type { LeaseTable } from '../../../src/system/leases/lease-table.ts';
import { NOW } from '../../core/arbitraries.ts';
import {
  address4Of,
  address6Of,
  ask,
  binding,
  bound,
  DAY,
  END,
  keyOf,
  leaseId,
  MEMBERS,
  makeDirectories,
  modeOf,
  open,
  secretOf,
  unbound,
} from './scene.ts';

const makeDirectory = makeDirectories();
const OTHER = 'guests' as DomainName;
let directory: string;
let table: LeaseTable;
beforeEach(() => {
  directory = makeDirectory();
  table = open(directory);
});

async function grant(...leases: Lease[]): Promise<void> {
  for (const lease of leases) assert.ok((await table.grant(lease)).isNew);
}

async function grantBound(...numbers: number[]): Promise<void> {
  await grant(...numbers.map((number) => unbound(number)));
  assert.deepEqual(
    await table.bind(numbers.map((number) => binding(number))),
    numbers.map(() => true),
  );
}

const find = async (number: number) => (await table.find(leaseId(number))) ?? assert.fail('no such lease');
const idsOf = (leases: readonly Lease[]) => leases.map(({ id }) => id);

describe('without a file', () => {
  test('there are no leases, and reading creates nothing', async () => {
    assert.equal(table.exists(), false);
    assert.deepEqual(await table.findForExchange([leaseId(1)], MEMBERS), { leases: [], bound: 0 });
    assert.deepEqual([await table.list(), await table.readBound(MEMBERS), await table.export()], [[], [], []]);
    assert.equal(await table.find(leaseId(1)), undefined);
    assert.equal((await table.readKeys(MEMBERS)).size + (await table.readTaken(MEMBERS, DAY, NOW)).size, 0);
    assert.deepEqual(await table.check(), []);
    assert.deepEqual(readdirSync(directory), []);
  });

  test('changes of a lease do nothing and create nothing', async () => {
    const id = leaseId(1);
    assert.deepEqual(await table.bind([binding(1)]), [false]);
    assert.equal(await table.extend(id, END), undefined);
    assert.deepEqual([await table.release(id), await table.rotate(id, secretOf('x'))], [false, false]);
    assert.deepEqual([await table.revoke(id, NOW), await table.setReminded(id, [7], END)], [false, false]);
    assert.deepEqual(await table.end([id], NOW), []);
    assert.deepEqual(readdirSync(directory), []);
  });
});

test('the file is for root alone whatever the umask, and is the only one', async (t) => {
  const umask = process.umask(0o022);
  t.after(() => process.umask(umask));
  await grant(unbound(1));
  assert.equal(modeOf(table.path), 0o600);
  assert.deepEqual(readdirSync(directory), ['leases.db']);
  chmodSync(table.path, 0o644);
  await table.list();
  assert.equal(modeOf(table.path), 0o600, 'made private again');
});

describe('grant', () => {
  test('adds an unbound lease with everything but a binding', async () => {
    const lease = unbound(1, { note: 'a note', orderId: 'order 1', usedKeys: [keyOf(5)], reminded: [7] });
    const granted = await table.grant({ ...lease, ...bound(1, lease), key: keyOf(1), address4: address4Of(1) });
    const expected = { ...lease, key: undefined, address4: undefined, address6: undefined, bound: undefined };
    assert.deepEqual(granted, { lease: expected, isNew: true });
    assert.deepEqual(await table.find(lease.id), expected);
  });

  test('returns the lease of an order that has one, even if it has ended, and changes nothing', async () => {
    await grant(unbound(1, { orderId: 'order 1' }));
    await table.revoke(leaseId(1), NOW);
    const again = await table.grant(unbound(2, { orderId: 'order 1', domain: OTHER }));
    assert.deepEqual(again, { lease: unbound(1, { orderId: 'order 1', ended: NOW }), isNew: false });
    assert.deepEqual(idsOf(await table.list()), [leaseId(1)]);
  });

  test('refuses an ID that another lease has', async () => {
    await grant(unbound(1, { orderId: 'order 1' }), unbound(3, { orderId: 'order 3' }));
    const message = `Cannot grant aaaaaaab in ${table.path}: another lease has this ID; try again`;
    for (const orderId of [undefined, 'order 2'])
      await assert.rejects(table.grant(unbound(1, { orderId, note: 'new' })), { name: 'LeaseTableError', message });
    assert.equal((await find(1)).note, undefined);
    assert.equal((await table.grant(unbound(1, { orderId: 'order 3' }))).lease.id, leaseId(3));
  });

  const HOSTILE = [
    ['quotes', `it's "quoted" \`so\``],
    ['SQL', `'); DROP TABLE leases; --`],
    ['a command of the shell', '\n.shell touch /tmp/owned\n.quit\n'],
    ['lines', 'one\ntwo\r\nthree\u2028four'],
    ['escapes', '\u001b[31m \\n \\u0000 \u0001\u007f'],
    ['other scripts', '😀 Ünïcode اختبار \u202e\ufeff'],
    ['nothing', ''],
    ['a number', '0123'],
    ['JSON', '{"a":[1,null]}'],
    ['100 kB', 'x'.repeat(100_000)],
  ] as const;
  for (const [name, text] of HOSTILE) {
    test(`stores a text with ${name} as it is`, async () => {
      const lease = unbound(1, { email: text, note: text, orderId: text });
      await grant(lease);
      assert.deepEqual(await table.list(), [lease]);
      assert.equal((await table.grant(unbound(2, { orderId: text }))).isNew, false);
    });
  }

  test('refuses a text that SQLite cannot store', async () => {
    for (const note of ['a\0b', 'a\ud800'])
      await assert.rejects(table.grant(unbound(1, { note })), { name: 'InputError', message: /unexpected 0\.note$/ });
    assert.equal(table.exists(), false);
  });
});

test('list filters by domain, end and binding, and sorts by age', async () => {
  await grant(unbound(1, { created: NOW + 1 }), unbound(2, { expires: undefined }), unbound(3, { domain: OTHER }));
  await grant(unbound(4, { expires: NOW }), unbound(5));
  await table.bind([binding(5)]);
  await table.revoke(leaseId(2), NOW);
  const list = async (filter: Parameters<LeaseTable['list']>[0]) => idsOf(await table.list(filter));
  assert.deepEqual(await list({}), [2, 3, 4, 5, 1].map(leaseId));
  assert.deepEqual(await list({ domain: OTHER }), [leaseId(3)]);
  assert.deepEqual(await list({ expiredAt: NOW }), [2, 4].map(leaseId));
  assert.deepEqual(await list({ expiredAt: NOW - 1 }), [leaseId(2)]);
  assert.deepEqual(await list({ isUnbound: true }), [3, 4, 1].map(leaseId));
  assert.deepEqual(await list({ isUnbound: true, expiredAt: END, domain: MEMBERS }), [4, 1].map(leaseId));
});

test('an exchange finds leases of any domain and the number of bound ones of its own', async () => {
  await grantBound(1, 2, 3);
  await grant(unbound(4), unbound(5, { domain: OTHER }));
  await table.bind([binding(5)]);
  await table.revoke(leaseId(3), NOW);
  const { leases, bound: count } = await table.findForExchange([5, 3, 9].map(leaseId), MEMBERS);
  assert.deepEqual([idsOf(leases), count], [[3, 5].map(leaseId), 2]);
  assert.deepEqual(leases[1], bound(5, { domain: OTHER }));
  assert.deepEqual(await table.findForExchange([], OTHER), { leases: [], bound: 1 });
});

test('readBound returns what the peers of a domain should be', async () => {
  await grantBound(1, 2);
  await grant(unbound(3), unbound(4, { domain: OTHER }));
  await table.bind([binding(4)]);
  await table.revoke(leaseId(2), NOW);
  assert.deepEqual(await table.readBound(MEMBERS), [bound(1)]);
});

test('readKeys tells live, ended and released keys of a domain; a live one counts most', async () => {
  await grantBound(1, 2, 3);
  await table.revoke(leaseId(2), NOW);
  await table.release(leaseId(3));
  await grant(unbound(4), unbound(5, { domain: OTHER, usedKeys: [keyOf(9)] }));
  const read = async () => [...(await table.readKeys(MEMBERS))].sort(([, a], [, b]) => a.id.localeCompare(b.id));
  const [one, two] = [
    [keyOf(1), { id: leaseId(1), state: 'live' }],
    [keyOf(2), { id: leaseId(2), state: 'ended' }],
  ];
  assert.deepEqual(await read(), [one, two, [keyOf(3), { id: leaseId(3), state: 'released' }]]);
  await table.bind([binding(4, { key: 3 })]);
  assert.deepEqual(await read(), [one, two, [keyOf(3), { id: leaseId(4), state: 'live' }]]);
});

test('readTaken has the addresses of leases that last, or ended within the quarantine', async () => {
  await grantBound(1, 2, 3);
  await table.revoke(leaseId(2), NOW - 7 * DAY);
  await table.revoke(leaseId(3), NOW - 7 * DAY + 1);
  await grant(unbound(4, { domain: OTHER }), unbound(5));
  await table.bind([binding(4)]);
  const taken = await table.readTaken(MEMBERS, 7 * DAY, NOW);
  assert.deepEqual([...taken].sort(), [address4Of(1), address4Of(3), address6Of(1), address6Of(3)]);
});

describe('extend', () => {
  test('sets the end date and begins its reminders again', async () => {
    await grantBound(1);
    await table.setReminded(leaseId(1), [7], END);
    const lease = bound(1, { expires: END + DAY });
    assert.deepEqual(await table.extend(leaseId(1), END + DAY), { lease, addresses: 'same' });
    assert.deepEqual(await find(1), lease);
    assert.deepEqual((await table.extend(leaseId(1), undefined))?.lease.expires, undefined);
    assert.equal(await table.extend(leaseId(2), END), undefined);
  });

  test('brings an ended lease back with its key and its addresses', async () => {
    await grantBound(1);
    await table.revoke(leaseId(1), NOW);
    assert.deepEqual((await find(1)).key, keyOf(1), 'it keeps them');
    assert.deepEqual(await table.extend(leaseId(1), END), { lease: bound(1), addresses: 'same' });
  });

  test('brings a lease that was never bound back unbound', async () => {
    await grant(unbound(1));
    await table.revoke(leaseId(1), NOW);
    assert.deepEqual(await table.extend(leaseId(1), END), { lease: unbound(1), addresses: 'unbound' });
  });

  test('takes key and addresses away if that is wanted, and the same key may bind it again', async () => {
    await grantBound(1);
    await table.revoke(leaseId(1), NOW);
    const extended = { lease: unbound(1), addresses: 'new' };
    assert.deepEqual(await table.extend(leaseId(1), END, { isUnbinding: true }), extended);
    assert.deepEqual(await table.bind([binding(1, { address: 7 })]), [true]);
  });

  const LOST = [
    ['its IPv4 address', { ...binding(2), address4: address4Of(1) }],
    ['its IPv6 address', { ...binding(2), address6: address6Of(1) }],
    ['its key', { ...binding(2), key: keyOf(1) }],
  ] as const;
  for (const [name, other] of LOST) {
    test(`says that a lease gets new addresses if another one has ${name}, and leaves that one alone`, async () => {
      await grantBound(1);
      await table.revoke(leaseId(1), NOW);
      await grant(unbound(2));
      assert.deepEqual(await table.bind([other]), [true]);
      assert.deepEqual(await table.extend(leaseId(1), END), { lease: unbound(1), addresses: 'new' });
      const { now, ...rest } = other;
      assert.deepEqual(await find(2), unbound(2, { ...rest, bound: now }));
      assert.deepEqual(await table.bind([binding(1, { key: 7, address: 7 })]), [true]);
    });
  }
});

describe('release', () => {
  test('frees the lease for another key, and remembers the old one', async () => {
    await grantBound(1);
    assert.equal(await table.release(leaseId(1)), true);
    assert.deepEqual(await find(1), unbound(1, { usedKeys: [keyOf(1)] }));
    assert.deepEqual(await table.bind([binding(1)]), [false], 'never the released key');
    assert.deepEqual(await table.bind([binding(1, { key: 2 })]), [true]);
    await table.release(leaseId(1));
    assert.deepEqual((await find(1)).usedKeys, [keyOf(1), keyOf(2)]);
  });

  test('can replace the secret', async () => {
    await grantBound(1);
    assert.equal(await table.release(leaseId(1), secretOf('new')), true);
    const expected = unbound(1, { secret: secretOf('new'), usedKeys: [keyOf(1)] });
    assert.deepEqual(await table.list(), [expected]);
  });

  test('does nothing if the lease waits for a key, or has ended', async () => {
    await grantBound(1);
    await grant(unbound(2));
    await table.revoke(leaseId(1), NOW);
    assert.equal(await table.release(leaseId(1), secretOf('new')), false);
    assert.equal(await table.release(leaseId(2), secretOf('new')), false);
    assert.deepEqual(await table.list(), [bound(1, { ended: NOW }), unbound(2)]);
  });
});

test('rotate replaces the secret of a lease that has not ended', async () => {
  await grantBound(1, 2);
  await grant(unbound(3));
  await table.revoke(leaseId(2), NOW);
  const secret = secretOf('new');
  const rotate = (number: number, only?: { isOnlyUnbound: true }) => table.rotate(leaseId(number), secret, only);
  assert.deepEqual([await rotate(1), await rotate(2), await rotate(3)], [true, false, true]);
  assert.deepEqual(await find(1), bound(1, { secret }));
  assert.equal((await find(2)).secret, secretOf('2'));
  const only = { isOnlyUnbound: true } as const;
  assert.deepEqual([await rotate(1, only), await rotate(3, only)], [false, true]);
});

test('revoke ends a lease once, and it keeps its key and addresses', async () => {
  await grantBound(1);
  assert.deepEqual([await table.revoke(leaseId(1), NOW), await table.revoke(leaseId(1), NOW + 5)], [true, false]);
  assert.deepEqual(await find(1), bound(1, { ended: NOW }));
});

test('end ends only leases whose end date has passed', async () => {
  await grant(unbound(1, { expires: NOW }), unbound(2, { expires: NOW + 1 }), unbound(3, { expires: undefined }));
  await grant(unbound(4, { expires: NOW }), unbound(5, { expires: NOW }));
  await table.revoke(leaseId(5), NOW - 1);
  assert.deepEqual(await table.end([1, 2, 3, 5, 6].map(leaseId), NOW), [leaseId(1)]);
  const ended = await table.list({ expiredAt: 0 });
  assert.deepEqual(ended, [unbound(1, { expires: NOW, ended: NOW }), unbound(5, { expires: NOW, ended: NOW - 1 })]);
});

test('reminders are noted for the end date that they were about', async () => {
  await grant(unbound(1));
  assert.equal(await table.setReminded(leaseId(1), [7, 1], END), true);
  assert.deepEqual((await find(1)).reminded, [7, 1]);
  await table.extend(leaseId(1), END + DAY);
  assert.equal(await table.setReminded(leaseId(1), [7], END), false);
  assert.deepEqual((await find(1)).reminded, []);
});

describe('import', () => {
  test('adds exported leases without their bindings, with the keys that were released', async () => {
    await grantBound(1, 2);
    await table.release(leaseId(2));
    await table.revoke(leaseId(1), NOW);
    const elsewhere = open(makeDirectory());
    const exported = JSON.parse(JSON.stringify(await table.export()));
    assert.deepEqual(await elsewhere.import(exported), [1, 2].map(leaseId));
    assert.deepEqual(await elsewhere.list(), [unbound(1, { ended: NOW }), unbound(2, { usedKeys: [keyOf(2)] })]);
  });

  test('leaves known IDs and orders as they are', async () => {
    await grantBound(1);
    await grant(unbound(2, { orderId: 'order 2' }));
    const elsewhere = open(makeDirectory());
    for (const lease of [unbound(1), unbound(3, { orderId: 'order 2' }), unbound(4)]) await elsewhere.grant(lease);
    assert.deepEqual(await table.import(await elsewhere.export()), [leaseId(4)]);
    assert.deepEqual(await table.list(), [bound(1), unbound(2, { orderId: 'order 2' }), unbound(4)]);
  });

  test('adds nothing if one of them is wrong', async () => {
    await grant(unbound(1));
    const right = await table.export();
    const wrong = right.flatMap((lease) => [lease, { ...lease, id: 'WRONG' as LeaseId }]);
    const elsewhere = open(makeDirectory());
    await assert.rejects(elsewhere.import(wrong), { name: 'InputError', message: /unexpected 1\.id$/ });
    assert.equal(elsewhere.exists(), false);
  });
});

test('the table is strict, and its version is in the file', async () => {
  await grant(unbound(1));
  assert.equal(ask(table.path, 'PRAGMA user_version'), '1');
  assert.throws(() => ask(table.path, `UPDATE leases SET created = 'yesterday'`), /cannot store TEXT value/);
  assert.deepEqual(await table.check(), []);
});

test('10,000 leases are imported, listed and read', async () => {
  const numbers = Array.from({ length: 10_000 }, (_, number) => number + 1);
  const elsewhere = numbers.map((number) => unbound(number, { note: 'a note of some length' }));
  const one = open(makeDirectory());
  await one.grant(unbound(1));
  const [sample = assert.fail('nothing exported')] = await one.export();
  await table.import(elsewhere.map(({ id, secret }) => ({ ...sample, id, secret })));
  const done = await table.bind(numbers.map((number) => binding(number)));
  assert.ok(done.every((each) => each));
  const [all, live] = [await table.list(), await table.readBound(MEMBERS)];
  assert.deepEqual([all.length, live.length], [10_000, 10_000]);
  assert.deepEqual(live[9999]?.address4, address4Of(10_000));
  assert.equal((await table.readTaken(MEMBERS, DAY, NOW)).size, 20_000);
  assert.equal((await table.findForExchange([leaseId(7)], MEMBERS)).bound, 10_000);
});
