import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import ip6addr from 'ip6addr';
import { findLowestFree, parsePool } from '../../../src/core/leases/pool.ts';
import { type IpAddress, isIpv4, maskNetwork, parseIpAddress } from '../../../src/core/values/ip-address.ts';
import { damaged, ipAddresses, parseOrRefuse, texts, toIpv6 } from '../arbitraries.ts';

const EXPECTED = 'expected an IPv4 network from /16 to /30 or an IPv6 network from /112 to /126';
const unusable = (text: string) => `Cannot use "${text}" as a pool: no host may have these addresses`;
const NOTHING = new Set<IpAddress>();

const groups = fc
  .array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 7, maxLength: 7 })
  .map((rest) => [0xfd66, ...rest]);
const networks4 = fc
  .tuple(fc.nat(0xffffff), fc.integer({ min: 22, max: 30 }))
  .map(([host, bits]) => `10.${host >> 16}.${(host >> 8) & 255}.${host & 255}/${bits}`);
const networks6 = fc.tuple(groups, fc.integer({ min: 118, max: 126 })).map(([some, bits]) => `${toIpv6(some)}/${bits}`);
const networks = fc.oneof(networks4, networks6);

describe('a pool', () => {
  for (const [name, given, networks, size] of [
    ['an IPv4 network', ['10.66.0.0/24'], ['10.66.0.0/24'], 254],
    ['an IPv6 network', ['fd66::/112'], ['fd66::/112'], 65_535],
    ['one of each', ['10.66.0.0/24', 'fd66::/112'], ['10.66.0.0/24', 'fd66::/112'], 254],
    ['one of each in the other order', ['fd66::/126', '10.66.0.0/16'], ['10.66.0.0/16', 'fd66::/126'], 3],
    ['the largest IPv4 network', ['10.66.0.0/16'], ['10.66.0.0/16'], 65_534],
    ['the smallest IPv4 network', ['10.66.0.8/30'], ['10.66.0.8/30'], 2],
    [
      'networks by one of their addresses',
      ['10.66.0.1/24', 'FD66:0:0::123/120'],
      ['10.66.0.0/24', 'fd66::100/120'],
      254,
    ],
    ['an IPv6 network with a dotted tail', ['fd66::10.66.0.0/120'], ['fd66::a42:0/120'], 255],
  ] as const)
    test(`is ${name}`, () => {
      const pool = parsePool(given);
      assert.deepEqual(pool.networks, networks);
      assert.equal(pool.size, size);
    });

  for (const [name, given, message] of [
    ['nothing', [], `Cannot use a pool without a network: ${EXPECTED}`],
    ['an address', ['10.66.0.1'], `Cannot use "10.66.0.1" as a pool: ${EXPECTED}`],
    ['a large IPv4 network', ['10.0.0.0/15'], `Cannot use "10.0.0.0/15" as a pool: ${EXPECTED}`],
    ['a small IPv4 network', ['10.0.0.0/31'], `Cannot use "10.0.0.0/31" as a pool: ${EXPECTED}`],
    ['a large IPv6 network', ['fd66::/111'], `Cannot use "fd66::/111" as a pool: ${EXPECTED}`],
    ['a small IPv6 network', ['fd66::/127'], `Cannot use "fd66::/127" as a pool: ${EXPECTED}`],
    ['an IPv4-mapped network', ['::ffff:10.66.0.0/24'], `Cannot use "::ffff:10.66.0.0/24" as a pool: ${EXPECTED}`],
    ['a network with a zone', ['fd66::%eth0/112'], `Cannot use "fd66::%eth0/112" as a pool: ${EXPECTED}`],
    ['a name', ['members/24'], `Cannot use "members/24" as a pool: ${EXPECTED}`],
    ['dots and colons', [':::/112'], `Cannot use ":::/112" as a pool: ${EXPECTED}`],
    [
      'two networks of one family',
      ['10.66.0.0/24', '10.67.0.0/24'],
      'Cannot use "10.67.0.0/24" as a pool: 10.66.0.0/24 is of the same family',
    ],
    ...['127.0.0.0/24', '0.0.0.0/16', '169.254.0.0/16', '224.0.0.0/24', '255.255.255.0/24', '::/112', 'fe80::/112']
      .concat('ff02::/112')
      .map((text) => [`${text}, which no host may have`, [text], unusable(text)] as const),
  ] as const)
    test(`is not ${name}`, () => assert.throws(() => parsePool(given), { name: 'InputError', message }));

  test('is read from any text, or refused with one line', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(texts, networks, damaged(networks)), { maxLength: 3 }), (given) => {
        const pool = parseOrRefuse(() => parsePool(given));
        if (pool === undefined) return;
        assert.ok(pool.size >= 2);
        assert.deepEqual(parsePool(pool.networks).networks, pool.networks);
      }),
    );
  });
});

describe('the addresses of a pool', () => {
  test('are those that its networks contain', () => {
    const near = (address: IpAddress) => fc.integer({ min: -2100, max: 2100 }).map((by) => moved(address, by));
    const cases = networks.chain((network) => {
      const address = parseIpAddress(network.replace(/\/.*/, ''));
      return fc.tuple(fc.constant(network), fc.oneof(near(address), ipAddresses));
    });
    fc.assert(
      fc.property(cases, ([network, address]) => {
        const isSameFamily = isIpv4(address) !== network.includes(':');
        const isIn = isSameFamily && ip6addr.createCIDR(network).contains(address);
        assert.equal(parsePool([network]).contains(address), isIn);
      }),
      { numRuns: 1000 },
    );
  });

  test('are those of both networks', () => {
    const pool = parsePool(['10.66.0.0/24', 'fd66::/112']);
    for (const [address, isIn] of [
      ['10.66.0.0', true],
      ['10.66.0.255', true],
      ['10.66.1.0', false],
      ['fd66::', true],
      ['fd66::ffff', true],
      ['fd66::1:0', false],
      ['fd67::1', false],
    ] as const)
      assert.equal(pool.contains(parseIpAddress(address)), isIn, address);
  });

  for (const [text, isIn] of [
    ['10.66.0.5/32', true],
    ['10.66.0.0/24', true],
    ['10.66.0.128/25', true],
    ['10.66.0.0/23', false],
    ['10.66.1.5/32', false],
    ['10.66.0.0/16', false],
    ['0.0.0.0/0', false],
    ['fd66::5/128', true],
    ['fd66::100/120', true],
    ['fd66::/112', true],
    ['fd66::/64', false],
    ['fd67::5/128', false],
    ['::/0', false],
    ['fe80::7c:16ff:fec0:6c74/128', false],
    ['10.66.0.5', false],
    ['10.66.0.5/33', false],
    ['10.66.0.5/', false],
    ['010.66.0.5/32', false],
    ['fd66::0005/128', false],
    ['FD66::5/128', false],
    ['(none)', false],
    ['', false],
  ] as const)
    test(`${isIn ? 'include' : 'do not include'} the allowed IP "${text}" as a whole`, () => {
      assert.equal(parsePool(['10.66.0.0/24', 'fd66::/112']).containsNetwork(text), isIn);
    });
});

test('a byte of an address has at most 255 in a pool with more addresses, too', () => {
  const pool = parsePool(['10.66.0.0/16']);
  assert.deepEqual(
    ['10.66.0.255/32', '10.66.0.256/32', '10.66.0.999/32'].map((text) => pool.containsNetwork(text)),
    [true, false, false],
  );
});

describe('the lowest free address', () => {
  const pool = parsePool(['10.66.0.0/29', 'fd66::/125']);
  const none: readonly string[] = [];
  for (const [name, addresses, networks, expected] of [
    ['is the first one of each network if nothing is taken', none, none, ['10.66.0.1', 'fd66::1']],
    ['is another one than a gateway’s own', ['10.66.0.1', 'fd66::1'], none, ['10.66.0.2', 'fd66::2']],
    ['may differ between the families', ['10.66.0.1', '10.66.0.2'], none, ['10.66.0.3', 'fd66::1']],
    ['is in a gap', ['10.66.0.1', '10.66.0.3', 'fd66::1'], none, ['10.66.0.2', 'fd66::2']],
    ['is outside of what an operator’s peer has', none, ['10.66.0.0/30', 'fd66::/127'], ['10.66.0.4', 'fd66::2']],
    ['is another one than an operator’s peer has', none, ['10.66.0.1/32', 'fd66::1/128'], ['10.66.0.2', 'fd66::2']],
    ['is outside of a network in another notation', none, ['fd66:0::0001/128'], ['10.66.0.1', 'fd66::2']],
    ['is outside of a network by one of its addresses', none, ['10.66.0.2/30'], ['10.66.0.4', 'fd66::1']],
    ['ignores networks elsewhere', none, ['10.67.0.0/16', 'fd67::/64', '192.0.2.1/32'], ['10.66.0.1', 'fd66::1']],
    [
      'ignores an IPv4-mapped network: to the kernel it is IPv6',
      none,
      ['::ffff:10.66.0.0/125'],
      ['10.66.0.1', 'fd66::1'],
    ],
    ['is the last one before the broadcast address', none, ['10.66.0.0/30', '10.66.0.4/31'], ['10.66.0.6', 'fd66::1']],
    [
      'is the last one of an IPv6 network',
      none,
      ['fd66::/126', 'fd66::4/127', 'fd66::6/128'],
      ['10.66.0.1', 'fd66::7'],
    ],
    [
      'does not exist if only the broadcast address is left',
      none,
      ['10.66.0.0/30', '10.66.0.4/31', '10.66.0.6/32'],
      none,
    ],
    ['does not exist if one family has none', none, ['fd66::/125'], none],
    ['does not exist if a network around the pool is taken', none, ['10.0.0.0/8'], none],
    ['does not exist if an operator’s peer has everything', none, ['::/0'], none],
  ] as const)
    test(name, () => {
      const taken = { addresses: new Set(addresses.map(parseIpAddress)), networks };
      const [address4, address6] = expected;
      assert.deepEqual(findLowestFree(pool, taken), address4 && { address4, address6 });
    });

  test('is one of a family alone if the pool has only that', () => {
    const taken = { addresses: NOTHING, networks: [] };
    assert.deepEqual(findLowestFree(parsePool(['10.66.0.0/24']), taken), {
      address4: '10.66.0.1',
      address6: undefined,
    });
    assert.deepEqual(findLowestFree(parsePool(['fd66::ff00/120']), taken), {
      address4: undefined,
      address6: 'fd66::ff01',
    });
  });

  test('is not searched for while an operator’s network cannot be read', () => {
    for (const text of ['10.66.0.1', '10.66.0.1/33', '10.66.0.999/32', 'x/8', ''])
      assert.throws(() => findLowestFree(pool, { addresses: NOTHING, networks: [text] }), { name: 'InputError' }, text);
  });

  test('is the first one in the order of numbers that nothing stands against', () => {
    const cases = networks.chain((network) => {
      const within = fc.integer({ min: -8, max: 40 }).map((by) => moved(firstOf(network), by));
      const blocks = fc
        .tuple(within, fc.nat(8))
        .map(([address, bits]) => maskNetwork(address, widthOf(address) - bits));
      return fc.tuple(fc.constant(network), fc.array(within, { maxLength: 30 }), fc.array(blocks, { maxLength: 4 }));
    });
    fc.assert(
      fc.property(cases, ([network, addresses, blocked]) => {
        const found = findLowestFree(parsePool([network]), { addresses: new Set(addresses), networks: blocked });
        const expected = hostsOf(network).find(
          (host) => !addresses.includes(host) && !blocked.some((block) => ip6addr.createCIDR(block).contains(host)),
        );
        assert.equal(found?.address4 ?? found?.address6, expected);
      }),
    );
  });

  test('is found one after the other until each lease that fits has one', () => {
    const small = parsePool(['10.66.0.0/27', 'fd66::/112']);
    const addresses = new Set<IpAddress>();
    for (let lease = 0; lease < small.size; lease++) {
      const found = findLowestFree(small, { addresses, networks: [] });
      assert.ok(found?.address4 && found.address6 && !addresses.has(found.address4) && !addresses.has(found.address6));
      addresses.add(found.address4).add(found.address6);
    }
    assert.equal(addresses.size, 60);
    assert.equal(findLowestFree(small, { addresses, networks: [] }), undefined);
  });

  test('of 65,536 is found quickly among 10,000 leases and 10,000 peers of the operator', () => {
    const large = parsePool(['10.66.0.0/16', 'fd66::/112']);
    const { family4, family6 } = large;
    assert.ok(family4 && family6);
    const numbers = Array.from({ length: 10_000 }, (_, index) => index + 1);
    const addresses = new Set(numbers.flatMap((number) => [family4.format(number), family6.format(number)]));
    const networks = numbers.flatMap((number) => [
      `${family4.format(10_000 + number)}/32`,
      `${family6.format(10_000 + number)}/128`,
    ]);
    const start = performance.now();
    const found = findLowestFree(large, { addresses, networks });
    assert.ok(performance.now() - start < 2000);
    assert.deepEqual(found, { address4: '10.66.78.33', address6: 'fd66::4e21' });
  });
});

function widthOf(address: IpAddress): number {
  return isIpv4(address) ? 32 : 128;
}

function firstOf(network: string): IpAddress {
  return parseIpAddress(ip6addr.createCIDR(network).address().toString());
}

/** All that a host may have, by another implementation. */
function hostsOf(network: string): IpAddress[] {
  const start = firstOf(network);
  const count = 2 ** (widthOf(start) - Number(network.replace(/.*\//, '')));
  const numbers = Array.from({ length: count }, (_, number) => number);
  return numbers.slice(1, isIpv4(start) ? -1 : undefined).map((number) => moved(start, number));
}

/** The address that is `by` addresses further on; after the last address of the family comes the first. */
function moved(address: IpAddress, by: number): IpAddress {
  const width = BigInt(widthOf(address));
  const bytes = isIpv4(address)
    ? address.split('.').map((byte) => Number(byte).toString(16).padStart(2, '0'))
    : ip6addr.parse(address).toString({ format: 'v6', zeroElide: false, zeroPad: true }).split(':');
  const sum = BigInt.asUintN(Number(width), BigInt(`0x${bytes.join('')}`) + BigInt(by));
  const digits = sum.toString(16).padStart(Number(width) / 4, '0');
  const parts = digits.match(isIpv4(address) ? /../g : /.{4}/g) ?? [];
  return parseIpAddress(isIpv4(address) ? parts.map((part) => Number.parseInt(part, 16)).join('.') : parts.join(':'));
}
