import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { countAddresses, overlaps, parseCidr } from '../../../src/core/client/networks.ts';
import { isIpv4, parseIpAddress, parseNetwork } from '../../../src/core/values/ip-address.ts';
import { damaged, ipAddresses, parseOrRefuse, texts } from '../arbitraries.ts';

const networks = fc.tuple(ipAddresses, fc.nat(128)).map(([address, bits]) => {
  return `${address}/${isIpv4(address) ? bits % 33 : bits}`;
});
/** So few that they often overlap. */
const closeNetworks = fc.tuple(
  fc.constantFrom('10.0.0.0', '10.128.0.1', '10.128.0.2', '::', 'fd66::1', 'fd66::2'),
  fc.nat(32),
);
const closeTexts = closeNetworks.map(([address, bits]) => `${address}/${address.includes(':') ? bits * 4 : bits}`);

describe('a network', () => {
  for (const [text, expected] of [
    ['10.66.0.0/24', '10.66.0.0/24'],
    ['10.66.0.5/24', '10.66.0.0/24'],
    ['10.66.0.5', '10.66.0.5/32'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['FD66:0:0::5/112', 'fd66::/112'],
    ['fd66::5', 'fd66::5/128'],
    ['2001:db8:0:1:2:3:4:5/128', '2001:db8:0:1:2:3:4:5/128'],
    ['::/0', '::/0'],
    ['8000::/1', '8000::/1'],
  ] as const)
    test(`${text} is ${expected}`, () => {
      assert.equal(parseCidr(text).text, expected);
    });

  for (const text of [
    '',
    'default',
    '10.66.0.0/33',
    '10.66.0.0/-1',
    '10.66.0.0/08',
    '10.66.0/24',
    'fd66::/129',
    '::ffff:10.0.0.0/104',
    '10.0.0.0/8/8',
    'fe80::1%eth0',
    ' ::1',
    '1.2.3.4/',
  ])
    test(`is not ${JSON.stringify(text)}`, () => {
      assert.throws(() => parseCidr(text), { name: 'InputError' });
    });

  test('is read, or refused, whatever the text is', () => {
    fc.assert(
      fc.property(fc.oneof(texts, damaged(networks)), (text) => {
        const network = parseOrRefuse(() => parseCidr(text));
        if (network !== undefined) assert.deepEqual(parseCidr(network.text), network);
      }),
    );
  });

  test('has its own address, the one that it was written with, and no other than another reader says', () => {
    fc.assert(
      fc.property(networks, ipAddresses, (text, other) => {
        const written = parseIpAddress(text.replace(/\/.*/, ''));
        assert.ok(overlaps(parseCidr(text), parseCidr(written)));
        assert.equal(overlaps(parseCidr(text), parseCidr(other)), parseNetwork(text).contains(other));
      }),
    );
  });

  test('overlaps another one if either has an address of the other', () => {
    fc.assert(
      fc.property(closeTexts, closeTexts, (one, other) => {
        const hosts = [one, other].map((text) => parseIpAddress(parseCidr(text).text.replace(/\/.*/, '')));
        const [first, second] = [parseNetwork(one), parseNetwork(other)];
        const expected = hosts.some((host) => first.contains(host) && second.contains(host));
        assert.equal(overlaps(parseCidr(one), parseCidr(other)), expected);
      }),
    );
  });
});

describe('networks together', () => {
  for (const [some, expected] of [
    [[], 0n],
    [['10.0.0.0/8'], 2n ** 24n],
    [['10.0.0.0/9', '10.128.0.0/9', '10.1.0.0/16', '10.0.0.0/9'], 2n ** 24n],
    [['0.0.0.0/0', '::/0'], 2n ** 32n + 2n ** 128n],
  ] as const)
    test(`${some.join(', ') || 'none'} have ${expected} addresses`, () => {
      assert.equal(countAddresses(some.map(parseCidr)), expected);
    });

  test('have as many addresses in any order, at most the sum, at least the widest', () => {
    fc.assert(
      fc.property(fc.array(closeTexts, { minLength: 1 }), (some) => {
        const all = some.map(parseCidr);
        const sizes = all.map(({ first, last }) => last - first + 1n);
        const count = countAddresses(all);
        assert.equal(countAddresses([...all].reverse()), count);
        assert.ok(count <= sizes.reduce((sum, size) => sum + size) && sizes.every((size) => size <= count));
      }),
    );
  });
});
