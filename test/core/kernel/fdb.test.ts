import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  buildEntries,
  FLOOD_MAC,
  type ForwardingEntry,
  identifyEntry,
  isDerivedEntry,
  parseForwardingEntries,
  parseKnownMacs,
} from '../../../src/core/kernel/fdb.ts';
import { deriveLinkAddress, type MacAddress } from '../../../src/core/values/derived-address.ts';
import type { InterfaceName } from '../../../src/core/values/names.ts';
import {
  addressOf,
  damaged,
  ipAddresses,
  KEYS,
  PLAIN,
  parseOrRefuse,
  publicKeys,
  texts,
  VXLAN,
  variants,
  WIREGUARD,
} from '../arbitraries.ts';

const macs = fc
  .array(fc.nat(255), { minLength: 6, maxLength: 6 })
  .map((bytes) => bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':') as MacAddress);
const entries: fc.Arbitrary<ForwardingEntry> = fc.record(
  {
    mac: macs,
    destination: ipAddresses,
    via: fc.constantFrom(WIREGUARD, 'wgww02' as InterfaceName, undefined),
  },
  PLAIN,
);
const ROUTER = deriveLinkAddress(KEYS[2], 'eui64');

test('entries are read back as bridge prints them', () => {
  fc.assert(fc.property(fc.array(entries), (some) => assert.deepEqual(parseForwardingEntries(format(some)), some)));
});

test('parseKnownMacs() finds the MAC addresses at each destination, and which of them were learned', () => {
  // Of two routers, as bridge of iproute2 6.1 prints it.
  const text = `[{"mac":"00:00:00:00:00:00","ifname":"vx","dst":"fe80::1","viaIf":"wg","flags":["self"],"state":"permanent"},
{"mac":"02:00:00:00:00:02","ifname":"vx","dst":"fe80::1","viaIf":"wg","flags":["self"],"state":"permanent"},
{"mac":"02:00:00:00:00:03","ifname":"vx","dst":"fe80::1","viaIf":"wg","flags":["self"],"state":""},
{"mac":"02:00:00:00:00:04","ifname":"vx","dst":"fe80::2","flags":["self"],"state":"static"},
{"mac":"33:33:00:00:00:01","ifname":"vx","flags":["self"],"state":"permanent"}]`;
  assert.deepEqual(Object.fromEntries(parseKnownMacs(text)), {
    'fe80::1': [
      { mac: '02:00:00:00:00:02', isLearned: false },
      { mac: '02:00:00:00:00:03', isLearned: true },
    ],
    'fe80::2': [{ mac: '02:00:00:00:00:04', isLearned: false }],
  });
});

test('any other text is refused, and nothing else is thrown', () => {
  const outputs = fc.array(entries, { maxLength: 3 }).map(format);
  fc.assert(
    fc.property(fc.oneof(texts, fc.json(), damaged(outputs)), (text) => {
      parseOrRefuse(() => parseForwardingEntries(text));
    }),
  );
});

test('entries without a destination, learned entries, and entries through an interface without a name are left out', () => {
  const output = [
    { mac: '33:33:00:00:00:01', ifname: VXLAN, flags: ['self'], state: 'permanent' },
    { mac: '02:00:00:00:00:01', ifname: VXLAN, dst: 'fe80::1', flags: ['self'], state: '' },
    { mac: '02:00:00:00:00:01', ifname: VXLAN, dst: 'fe80::1', viaIf: WIREGUARD, flags: ['self'] },
    { mac: '02:00:00:00:00:02', ifname: VXLAN, viaIf: WIREGUARD, flags: ['self'], state: '' },
    { mac: '02:00:00:00:00:03', ifname: VXLAN, dst: 'fe80::1', viaIf: 'if/7', flags: ['self'], state: 'permanent' },
  ];
  assert.deepEqual(parseForwardingEntries(JSON.stringify(output)), []);
});

test('a router needs the all-zero MAC for flood and its own MAC for unicast, to its address', () => {
  const flood = { mac: '00:00:00:00:00:00', destination: 'fe80::a6:8fff:fe21:5465', via: 'wgww01' };
  const unicast = { ...flood, mac: '02:a6:8f:21:54:65' };
  assert.deepEqual(buildEntries(ROUTER, ['flood', 'unicast'], WIREGUARD), [flood, unicast]);
  assert.deepEqual(buildEntries(ROUTER, ['unicast'], WIREGUARD), [unicast]);
  assert.deepEqual(buildEntries(ROUTER, ['flood'], WIREGUARD), [flood]);
});

test('every entry that wgkex makes is recognised as its own', () => {
  fc.assert(
    fc.property(publicKeys, variants, (key, variant) => {
      const router = deriveLinkAddress(key, variant);
      const made = buildEntries(router, ['flood', 'unicast'], WIREGUARD);
      assert.ok(made.every((entry) => isDerivedEntry(entry, WIREGUARD)));
    }),
  );
});

const OWN = { mac: ROUTER.mac, destination: ROUTER.address, via: WIREGUARD };
const FOREIGN: readonly (readonly [name: string, entry: ForwardingEntry])[] = [
  ['an entry through no interface', { ...OWN, via: undefined }],
  ['an entry through another interface', { ...OWN, via: 'wgww02' as InterfaceName }],
  ['an entry for a MAC that does not belong to the address', { ...OWN, mac: '02:00:00:00:00:01' as MacAddress }],
  ['an entry to the address of another router', { ...OWN, destination: addressOf(KEYS[1]) }],
  ['an entry to an address that was not derived', { ...OWN, destination: 'fe80::1' as typeof OWN.destination }],
  [
    'a flood entry to an address that was not derived',
    { ...OWN, mac: FLOOD_MAC, destination: 'fe80::1' as typeof OWN.destination },
  ],
  ['a flood entry through another interface', { ...OWN, mac: FLOOD_MAC, via: 'wgww02' as InterfaceName }],
];
for (const [name, entry] of FOREIGN) {
  test(`${name} is not one of wgkex's`, () => {
    assert.ok(isDerivedEntry(OWN, WIREGUARD));
    assert.ok(!isDerivedEntry(entry, WIREGUARD));
  });
}

test('two entries have the same identity only if all their parts are the same', () => {
  fc.assert(
    fc.property(entries, entries, fc.boolean(), (one, other, isSame) => {
      const second = isSame ? { ...one } : other;
      const isEqual = one.mac === second.mac && one.destination === second.destination && one.via === second.via;
      assert.equal(identifyEntry(one) === identifyEntry(second), isEqual);
    }),
  );
});

/** As `bridge -json fdb show dev vxww01` prints it. */
function format(some: readonly ForwardingEntry[]): string {
  const rows = some.map(({ mac, destination, via }) => ({
    mac,
    ifname: VXLAN,
    dst: destination,
    viaIf: via,
    flags: ['self'],
    state: 'permanent',
  }));
  return JSON.stringify(rows);
}
