import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { LeaseId, Secret } from '../../../src/core/leases/lease.ts';
import { leaseSchema, leasesSchema, parseExportedLeases, toExported } from '../../../src/system/leases/row.ts';
import { damaged, domainNames, ipAddresses, PLAIN, publicKeys, texts } from '../../core/arbitraries.ts';
import { bound, unbound } from './scene.ts';

const times = fc.nat({ max: 2 ** 40 });
const storable = texts.map((text) => Buffer.from(text).toString().replaceAll('\0', ''));
const optional = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: null });
const LETTERS = [...'abcdefghijklmnopqrstuvwxyz234567'];
const DIGITS = [...'0123456789abcdef'];
const word = (letters: readonly string[], length: number) =>
  fc.array(fc.constantFrom(...letters), { minLength: length, maxLength: length }).map((some) => some.join(''));
const exported = {
  id: word(LETTERS, 8).map((text) => text as LeaseId),
  secret: word(DIGITS, 64).map((text) => text as Secret),
  domain: domainNames,
  email: optional(storable),
  note: optional(storable),
  order_id: optional(storable),
  created: times,
  expires: optional(times),
  ended: optional(times),
  used_keys: fc.array(publicKeys, { maxLength: 3 }),
  reminded: fc.array(fc.nat(), { maxLength: 3 }),
};
const exportedLeases = fc.record(exported, PLAIN);
const binding = { key: optional(publicKeys), address4: optional(ipAddresses), address6: optional(ipAddresses) };
const rows = fc.record({ ...exported, ...binding, bound: optional(times) }, PLAIN);

test('a row is a lease, and an exported lease is a row without its binding', () => {
  fc.assert(
    fc.property(rows, (row) => {
      const lease = leaseSchema.parse(row);
      const { key, address4, address6, bound: time, ...rest } = row;
      assert.deepEqual(toExported(lease), rest);
      const found = [lease.key, lease.address4, lease.address6, lease.bound].map((value) => value ?? null);
      assert.deepEqual(found, [key, address4, address6, time]);
    }),
  );
});

test('exported leases are read back', () => {
  fc.assert(
    fc.property(fc.array(exportedLeases, { maxLength: 3 }), (leases) => {
      assert.deepEqual(parseExportedLeases(JSON.stringify(leases), 'a file'), leases);
    }),
  );
});

test('any other text is not exported leases, and the error shows nothing of it', () => {
  const right = fc.array(exportedLeases, { minLength: 1, maxLength: 2 }).map((leases) => JSON.stringify(leases));
  fc.assert(
    fc.property(fc.oneof(texts, fc.json(), damaged(right)), (text) => {
      try {
        for (const lease of parseExportedLeases(text, 'a file')) assert.ok(text.includes(lease.secret));
      } catch (error) {
        assert.ok(error instanceof Error && error.name === 'InputError', `threw ${error}`);
        assert.match(error.message, /^Cannot read a file: (not JSON|unexpected )/);
        assert.doesNotMatch(error.message, /[0-9a-f]{20}/);
      }
    }),
  );
});

const ROW = { ...toExported(unbound(1)), key: null, address4: null, address6: null, bound: null };
const WRONG = [
  ['an ID in capitals', { id: 'AAAAAAAB' }],
  ['an ID of 9 characters', { id: 'aaaaaaaab' }],
  ['a secret that is too short', { secret: 'ab' }],
  ['a secret in capitals', { secret: 'A'.repeat(64) }],
  ['a domain with a blank', { domain: 'a b' }],
  ['a text with NUL', { note: 'a\0b' }],
  ['half a surrogate pair', { email: 'a\ud800' }],
  ['half a second', { created: 1.5 }],
  ['a time before 1970', { expires: -1 }],
  ['a key that is not a key', { key: 'x' }],
  ['an address that is not an address', { address4: '10.66.0.256' }],
  ['an address in another form than the kernel’s', { address6: 'FD66::1' }],
  ['a used key that is not a key', { used_keys: ['x'] }],
  ['one thing more', { more: 1 }],
] as const;
for (const [name, fields] of WRONG) {
  test(`a row with ${name} is damaged`, () => {
    assert.ok(leaseSchema.safeParse(ROW).success);
    assert.ok(!leaseSchema.safeParse({ ...ROW, ...fields }).success);
  });
}

test('a row without one of its columns is damaged', () => {
  for (const name of Object.keys(ROW)) {
    const { [name as keyof typeof ROW]: _, ...rest } = ROW;
    assert.ok(!leasesSchema.safeParse([rest]).success, name);
  }
});

test('an export of a bound lease does not show its key or its addresses', () => {
  const lease = bound(1);
  const text = JSON.stringify(toExported(lease));
  for (const part of [lease.key, lease.address4, lease.address6]) assert.ok(part && !text.includes(part));
});
