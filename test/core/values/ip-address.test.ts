import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import test from 'node:test';
import fc from 'fast-check';
import ip6addr from 'ip6addr';
import {
  compareNetworks,
  deriveSource,
  deriveSources,
  isIpv4,
  maskAddress,
  parseIpAddress,
  parseNetwork,
} from '../../../src/core/values/ip-address.ts';
import { damaged, ipAddresses, parseOrRefuse, texts, toIpv6 } from '../arbitraries.ts';

const groups = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff })), { minLength: 8, maxLength: 8 });

test('any text is refused or becomes an address that parses to itself', () => {
  fc.assert(
    fc.property(fc.oneof(texts, damaged(ipAddresses)), (text) => {
      const address = parseOrRefuse(() => parseIpAddress(text));
      if (address === undefined) return;
      assert.notEqual(isIP(address), 0);
      assert.equal(parseIpAddress(address), address);
    }),
  );
});

test('an IPv6 address is written as in RFC 5952, like in web addresses', () => {
  const unmapped = groups.filter((some) => some.slice(0, 5).some((group) => group !== 0) || some[5] !== 0xffff);
  fc.assert(
    fc.property(unmapped, (some) => {
      const { hostname } = new URL(`http://[${toIpv6(some)}]/`);
      assert.equal(parseIpAddress(toIpv6(some)), hostname.slice(1, -1));
    }),
  );
});

test("a router's address is written as in RFC 5952, however many of its groups are zero or begin with zeros", () => {
  const interfaceId = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff })), {
    minLength: 4,
    maxLength: 4,
  });
  fc.assert(
    fc.property(interfaceId, (some) => {
      const text = `fe80::${toIpv6(some)}`;
      const canonical = new URL(`http://[${text}]/`).hostname.slice(1, -1);
      assert.equal(parseIpAddress(text), canonical);
      assert.equal(parseIpAddress(text.replace(/[^:]+/g, (group) => group.padStart(4, '0'))), canonical);
    }),
  );
});

test('an IPv4-mapped address is an IPv4 address', () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      assert.equal(parseIpAddress(`::ffff:${address}`), address);
      assert.ok(isIpv4(parseIpAddress(address)));
    }),
  );
});

test('a zone is left out', () => {
  assert.equal(parseIpAddress('fe80::1%eth0'), 'fe80::1');
});

const NO_ADDRESSES = [
  '',
  ' ',
  '::1 ',
  '1.2.3',
  '1.2.3.256',
  '1.2.3.4/32',
  '[::1]',
  ':::',
  '1::2::3',
  '12345::',
  'localhost',
];
for (const text of NO_ADDRESSES) {
  test(`"${text}" is not an address`, () => {
    assert.throws(() => parseIpAddress(text), {
      name: 'InputError',
      message: `Cannot read "${text}": expected an IP address`,
    });
  });
}

test('two IPv6 addresses have the same source if their first 64 bits are the same', () => {
  const pair = fc
    .tuple(groups, groups, fc.nat(7))
    .map(([one, other, same]) => [one, [...one.slice(0, same), ...other.slice(same)]] as const);
  fc.assert(
    fc.property(pair, ([one, other]) => {
      fc.pre(![one, other].some((address) => isMapped(address) || isLinkLocal(address)));
      const isSameNetwork = [0, 1, 2, 3].every((index) => one[index] === other[index]);
      assert.equal(sourceOf(toIpv6(one)) === sourceOf(toIpv6(other)), isSameNetwork);
    }),
  );
});

test('two IPv6 addresses have the same /56 or /48 if they begin with the same bits', () => {
  fc.assert(
    fc.property(groups, groups, fc.nat(4), fc.nat(0xffff), (one, other, same, third) => {
      const near = [...one.slice(0, same), ...other.slice(same)].map((group, index) => (index === 3 ? third : group));
      fc.pre(!isMapped(one) && !isMapped(near) && !isLinkLocal(one) && !isLinkLocal(near));
      const [sources, others] = [one, near].map((address) => deriveSources(parseIpAddress(toIpv6(address))));
      const is48 = [0, 1, 2].every((index) => one[index] === near[index]);
      const is56 = is48 && (one[3] ?? 0) >> 8 === third >> 8;
      const expected = [is56 && one[3] === third, is56, is48];
      assert.deepEqual(
        sources?.map((source, index) => source === others?.[index]),
        expected,
      );
    }),
  );
});

const SOURCES: readonly (readonly [name: string, address: string, sources: readonly string[]])[] = [
  ['an IPv6 address', '2001:db8:1:203::4', ['2001:db8:1:203::/64', '2001:db8:1:200::/56', '2001:db8:1::/48']],
  ['an IPv4 address', '192.0.2.1', ['192.0.2.1']],
  ['an IPv4-mapped address', '::ffff:192.0.2.1', ['192.0.2.1']],
  ['a link-local address', 'fe80::1%eth0', ['fe80::1']],
  ['another one in that /64', 'fe80::2', ['fe80::2']],
  ['the last link-local address', 'febf:ffff::1', ['febf:ffff::1']],
  ['an address that only looks link-local', 'fec0::1', ['fec0::/64', 'fec0::/56', 'fec0::/48']],
  ['an address that begins with fe8 in fewer digits', 'fe8::1', ['fe8::/64', 'fe8::/56', 'fe8::/48']],
];
for (const [name, address, sources] of SOURCES) {
  test(`the limits of ${name} are those of ${sources.join(', ')}`, () => {
    assert.deepEqual(deriveSources(parseIpAddress(address)), sources);
    assert.equal(deriveSource(parseIpAddress(address)), sources[0]);
  });
}

test('two IPv4 addresses have the same source if they are the same, mapped into IPv6 or not', () => {
  fc.assert(
    fc.property(fc.ipV4(), fc.ipV4(), (one, other) => {
      assert.equal(sourceOf(one), sourceOf(`::ffff:${one}`));
      assert.equal(sourceOf(one) === sourceOf(other), one === other);
    }),
  );
  assert.equal(sourceOf('2001:db8::1'), '2001:db8::/64');
});

const MASKED = [
  ['an IPv4 address in full', '192.0.2.77', 'full', '192.0.2.77'],
  ['the prefix of an IPv4 address', '192.0.2.77', 'prefix', '192.0.2.0/24'],
  ['nothing of an IPv4 address', '192.0.2.77', 'none', undefined],
  ['an IPv6 address in full', '2001:db8:1:2::3', 'full', '2001:db8:1:2::3'],
  ['the prefix of an IPv6 address', '2001:db8:1:2::3', 'prefix', '2001:db8:1::/48'],
  ['nothing of an IPv6 address', '2001:db8:1:2::3', 'none', undefined],
] as const;
for (const [name, address, detail, expected] of MASKED) {
  test(`a log shows ${name} if the detail is "${detail}"`, () => {
    assert.equal(maskAddress(parseIpAddress(address), detail), expected);
  });
}

const MASKED_SOURCES = [
  ['an IPv4 address', '192.0.2.77', '192.0.2.77', '192.0.2.0/24'],
  ['an IPv6 /64', '2001:db8:1:2::3', '2001:db8:1:2::/64', '2001:db8:1::/48'],
] as const;
for (const [name, address, full, masked] of MASKED_SOURCES) {
  test(`a log shows no more of a source that is ${name} than of an address`, () => {
    const source = deriveSource(parseIpAddress(address));
    assert.equal(maskAddress(source, 'full'), full);
    assert.equal(maskAddress(source, 'prefix'), masked);
    assert.equal(maskAddress(source, 'none'), undefined);
  });
}

test('any text is refused as a network or contains addresses', () => {
  const networks = fc
    .tuple(ipAddresses, fc.integer({ min: -1, max: 130 }))
    .map(([address, bits]) => `${address}/${bits}`);
  fc.assert(
    fc.property(fc.oneof(texts, networks, damaged(networks)), ipAddresses, (text, address) => {
      const network = parseOrRefuse(() => parseNetwork(text));
      if (network !== undefined) assert.equal(typeof network.contains(address), 'boolean');
    }),
  );
});

test('a network contains the addresses that begin with its bits and no others', () => {
  const bits = (address: readonly number[]) => address.map((group) => group.toString(2).padStart(16, '0')).join('');
  fc.assert(
    fc.property(groups, groups, fc.integer({ min: 0, max: 128 }), (network, other, length) => {
      fc.pre(!isMapped(network) && !isMapped(other));
      const contains = (address: readonly number[]) =>
        parseNetwork(`${toIpv6(network)}/${length}`).contains(parseIpAddress(toIpv6(address)));
      assert.ok(contains(network));
      assert.equal(contains(other), bits(network).slice(0, length) === bits(other).slice(0, length));
    }),
  );
});

const FAMILIES = [
  ['::/0', '192.0.2.1', false],
  ['::/0', '2001:db8::1', true],
  ['::/80', '192.0.2.1', false],
  ['0.0.0.0/0', '192.0.2.1', true],
  ['0.0.0.0/0', '::ffff:192.0.2.1', true],
  ['0.0.0.0/0', '2001:db8::1', false],
  ['0.0.0.0/0', '::1', false],
  ['0.0.0.0/0', '::c000:201', false],
  ['::ffff:0:0/96', '192.0.2.1', true],
  ['::ffff:c000:200/120', '192.0.2.1', true],
  ['::ffff:c000:200/120', '192.0.3.1', false],
  ['::ffff:0:0/95', '192.0.2.1', false],
] as const;
for (const [network, address, isIn] of FAMILIES) {
  test(`${network} ${isIn ? 'contains' : 'does not contain'} ${address}`, () => {
    assert.equal(parseNetwork(network).contains(parseIpAddress(address)), isIn);
  });
}

test('no network of one family contains an address of the other', () => {
  const zeroOr = (most: number) => fc.oneof(fc.constant(0), fc.nat(most));
  fc.assert(
    fc.property(groups, zeroOr(128), fc.ipV4(), zeroOr(32), (ipv6, bits6, ipv4, bits4) => {
      fc.pre(!isMapped(ipv6));
      assert.ok(!parseNetwork(`${toIpv6(ipv6)}/${bits6}`).contains(parseIpAddress(ipv4)));
      assert.ok(!parseNetwork(`${ipv4}/${bits4}`).contains(parseIpAddress(toIpv6(ipv6))));
    }),
  );
});

const NO_NETWORKS = [
  '',
  '1.2.3.4',
  '1.2.3.4/33',
  '2001:db8::/129',
  '2001:db8::/',
  '2001:db8::/32/32',
  'example.org/24',
];
for (const text of NO_NETWORKS) {
  test(`"${text}" is not a network`, () => {
    assert.throws(() => parseNetwork(text), { name: 'InputError' });
  });
}

function sourceOf(text: string): string {
  return deriveSource(parseIpAddress(text));
}

function isLinkLocal([first = 0]: readonly number[]): boolean {
  return first >> 6 === 0xfe80 >> 6;
}

function isMapped(address: readonly number[]): boolean {
  return address.slice(0, 5).every((group) => group === 0) && address[5] === 0xffff;
}

test('an IPv6 address with an IPv4 tail, as inet_ntop prints those in ::/96, is read', () => {
  assert.equal(parseIpAddress('::192.0.2.1'), '::c000:201');
  assert.equal(parseIpAddress('::ffff:192.0.2.1'), '192.0.2.1');
  assert.equal(parseIpAddress('64:ff9b::192.0.2.1'), '64:ff9b::c000:201');
  for (const text of ['::256.0.0.1', '::1.2.3', '::ffff:1.2.3.999'])
    assert.throws(() => parseIpAddress(text), { name: 'InputError' });
});

test('networks are in the order of their addresses as numbers, and then the smaller one comes first', () => {
  const networks = fc.oneof(
    fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })),
    fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 })),
  );
  const texts = networks.filter(([address]) => !/:.*\./.test(address)).map(([address, bits]) => `${address}/${bits}`);
  fc.assert(
    fc.property(texts, texts, (one, other) => {
      assert.equal(compareNetworks(one, other), Math.sign(ip6addr.compareCIDR(one, other)));
    }),
  );
});
