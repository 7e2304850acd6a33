import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { TRAFFIC } from '../../../src/core/client/instance.ts';
import { parseCidr } from '../../../src/core/client/networks.ts';
import { type Around, findObjection } from '../../../src/core/client/route-rules.ts';
import type { TunnelSettings } from '../../../src/core/leases/tunnel-config.ts';
import { type IpAddress, parseIpAddress, parseNetwork } from '../../../src/core/values/ip-address.ts';
import { ipAddresses, KEYS, parseOrRefuse, texts } from '../arbitraries.ts';

const [, , , GATEWAY] = KEYS;
const ip = (text: string) => parseIpAddress(text);
const SETTINGS: TunnelSettings = {
  addresses: { address4: ip('10.66.0.5'), address6: ip('fd66::5') },
  publicKey: GATEWAY,
  endpoint: 'vpn.example.org:51820',
  allowedIps: ['10.66.0.0/24', 'fd66::/112'],
  dns: ['10.66.0.1'],
  mtu: 1420,
  expires: undefined,
  relay: undefined,
};
const AROUND: Around = {
  traffic: 'routes',
  endpoint: ip('203.0.113.7'),
  surroundings: {
    networks: [
      { network: '192.168.1.0/24', device: 'eth0' },
      { network: '172.17.0.0/16', device: 'docker0' },
      { network: '2001:db8:1::/64', device: 'eth0' },
      { network: '198.51.100.9', device: 'lo' },
    ],
    gateways: [ip('192.168.1.1'), ip('100.64.0.1'), ip('fe80::1')],
    resolvers: [ip('9.9.9.9'), ip('2620:fe::fe')],
  },
};
const ALL = [...SETTINGS.allowedIps, '0.0.0.0/0', '::/0'];
const NEEDS = "is everything, which needs all_traffic or proxy_only = true in root's file";
const only4 = { address4: ip('10.66.0.5'), address6: undefined };
const only6 = { address4: undefined, address6: ip('fd66::5') };

function find(settings: Partial<TunnelSettings>, around: Partial<Around> = {}): string | undefined {
  return findObjection({ ...SETTINGS, ...settings }, { ...AROUND, ...around });
}

describe('root does not object to', () => {
  for (const [what, settings, around] of [
    ['networks of members', {}, {}],
    ['one family', { addresses: only4, allowedIps: ['10.66.0.0/24'] }, {}],
    ['a /8 and a /32', { allowedIps: ['11.0.0.0/8', 'fd66::/32'] }, {}],
    ['a network around the lease’s own address', { allowedIps: ['10.0.0.0/8'] }, {}],
    ['name servers that split routes ignore', { dns: ['192.168.1.1', '127.0.0.1'] }, {}],
    ['the relay’s client as the endpoint', {}, { endpoint: ip('127.0.0.1') }],
    ['everything with all_traffic', { allowedIps: ALL }, { traffic: 'all' }],
    ['everything of one family with all_traffic', { allowedIps: ['0.0.0.0/0', 'fd66::/112'] }, { traffic: 'all' }],
    ['an endpoint within everything', { allowedIps: ['0.0.0.0/0'] }, { traffic: 'all' }],
    ['everything with proxy_only, without name servers', { allowedIps: ALL, dns: [] }, { traffic: 'proxy' }],
    ['a small MTU without IPv6', { addresses: only4, mtu: 600 }, {}],
  ] as const)
    test(what, () => {
      assert.equal(find(settings, around), undefined);
    });
});

describe('root objects to', () => {
  for (const [settings, objection] of [
    [{ allowedIps: ['192.168.1.128/25'] }, 'the route 192.168.1.128/25 overlaps the network 192.168.1.0/24 of eth0'],
    [{ allowedIps: ['192.168.0.0/16'] }, 'the route 192.168.0.0/16 overlaps the default gateway 192.168.1.1'],
    [{ allowedIps: ['172.17.0.9/32'] }, 'the route 172.17.0.9 overlaps the network 172.17.0.0/16 of docker0'],
    [{ allowedIps: ['2001:db8::/40'] }, 'the route 2001:db8::/40 overlaps the network 2001:db8:1::/64 of eth0'],
    [{ allowedIps: ['198.51.100.0/24'] }, 'the route 198.51.100.0/24 overlaps the network 198.51.100.9 of lo'],
    [{ allowedIps: ['100.64.0.0/10'] }, 'the route 100.64.0.0/10 overlaps the default gateway 100.64.0.1'],
    [{ allowedIps: ['9.9.9.0/24'] }, 'the route 9.9.9.0/24 overlaps the resolver 9.9.9.9'],
    [{ allowedIps: ['2620:fe::fe/128'] }, 'the route 2620:fe::fe overlaps the resolver 2620:fe::fe'],
    [{ allowedIps: ['203.0.113.0/24'] }, 'the route 203.0.113.0/24 overlaps the endpoint 203.0.113.7 itself'],
    [{ allowedIps: ['127.1.0.0/16'] }, 'the route 127.1.0.0/16 overlaps loopback 127.0.0.0/8'],
    [{ allowedIps: ['::1/128'] }, 'the route ::1 overlaps loopback ::1'],
    [{ allowedIps: ['0.0.0.0/8'] }, 'the route 0.0.0.0/8 overlaps the unspecified network 0.0.0.0/8'],
    [{ allowedIps: ['::/128'] }, 'the route :: overlaps the unspecified address ::'],
    [{ allowedIps: ['169.254.169.254/32'] }, 'the route 169.254.169.254 overlaps link-local addresses 169.254.0.0/16'],
    [{ allowedIps: ['fe80::/64'] }, 'the route fe80::/64 overlaps link-local addresses fe80::/10'],
    [{ allowedIps: ['239.0.0.0/8'] }, 'the route 239.0.0.0/8 overlaps multicast 224.0.0.0/4'],
    [{ allowedIps: ['ff02::/16'] }, 'the route ff02::/16 overlaps multicast ff00::/8'],
    [{ allowedIps: ['10.0.0.0/8', '11.0.0.0/32'] }, 'the IPv4 routes are more than a /8 together'],
    [{ allowedIps: ['fd00::/31'] }, 'the IPv6 routes are more than a /32 together'],
    [{ allowedIps: ['0.0.0.0/0'] }, `the route 0.0.0.0/0 ${NEEDS}`],
    [{ allowedIps: ['::/0'] }, `the route ::/0 ${NEEDS}`],
    [{ allowedIps: ['0.0.0.0/1'] }, 'the route 0.0.0.0/1 overlaps loopback 127.0.0.0/8'],
    [
      { addresses: { ...only4, address4: ip('192.168.1.7') } },
      'the address 192.168.1.7 overlaps the network 192.168.1.0/24 of eth0',
    ],
    [{ addresses: { ...only4, address4: ip('9.9.9.9') } }, 'the address 9.9.9.9 overlaps the resolver 9.9.9.9'],
    [
      { addresses: { ...only6, address6: ip('fe80::5') } },
      'the address fe80::5 overlaps link-local addresses fe80::/10',
    ],
    [{ addresses: { address4: undefined, address6: undefined } }, 'there is no address'],
    [{ mtu: 1279 }, 'the MTU 1279 is less than the 1280 bytes that IPv6 needs'],
  ] as const)
    test(objection, () => {
      assert.equal(find(settings), objection);
    });

  test('the same with all_traffic and proxy_only, but for everything', () => {
    for (const traffic of TRAFFIC) {
      const objection = find({ allowedIps: [...ALL, '192.168.1.0/24'] }, { traffic });
      const expected = 'the route 192.168.1.0/24 overlaps the default gateway 192.168.1.1';
      assert.equal(objection, traffic === 'routes' ? `the route 0.0.0.0/0 ${NEEDS}` : expected);
    }
  });
});

describe('with all_traffic root also objects to', () => {
  for (const [settings, objection] of [
    [{}, 'there is no default route, which all_traffic = true needs'],
    [{ addresses: only4, allowedIps: ['::/0'] }, 'there is no default route, which all_traffic = true needs'],
    [{ allowedIps: ALL, dns: [] }, 'there is no name server, which all_traffic = true needs'],
    [{ allowedIps: ['0.0.0.0/0'], dns: ['fd66::1'] }, 'the name server fd66::1 is not reached through the tunnel'],
    [
      { addresses: only4, allowedIps: ALL, dns: ['fd66::1'] },
      'the name server fd66::1 is not reached through the tunnel',
    ],
    [
      { allowedIps: ALL, dns: ['10.66.0.1', '192.168.1.1'] },
      'the name server 192.168.1.1 overlaps 192.168.1.0/24 of eth0',
    ],
    [{ allowedIps: ALL, dns: ['127.0.0.53'] }, 'the name server 127.0.0.53 overlaps loopback 127.0.0.0/8'],
  ] as const)
    test(objection, () => {
      assert.equal(find(settings, { traffic: 'all' }), objection);
    });
});

const networks = fc.tuple(ipAddresses, fc.nat(24)).map(([address, spare]) => {
  return parseCidr(`${address}/${address.includes(':') ? 128 - 4 * spare : 32 - spare}`).text;
});

test('what root does not object to takes no address of the surroundings', () => {
  fc.assert(
    fc.property(fc.array(networks), fc.array(networks), fc.array(ipAddresses), (allowedIps, others, resolvers) => {
      const surroundings = {
        networks: others.map((network) => ({ network, device: 'eth0' })),
        gateways: [],
        resolvers,
      };
      if (find({ allowedIps }, { surroundings }) !== undefined) return;
      for (const route of allowedIps.map(parseNetwork)) {
        const first = others.map((network) => network.replace(/\/.*/, '') as IpAddress);
        assert.ok([...first, ...resolvers, AROUND.endpoint].every((address) => !route.contains(address)));
      }
    }),
  );
});

test('an objection is one printable line, or the text is refused, whatever a gateway sends', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(texts, networks)),
      fc.array(texts),
      fc.constantFrom(...TRAFFIC),
      (allowedIps, dns, traffic) => {
        const objection = parseOrRefuse(() => find({ allowedIps, dns }, { traffic }));
        if (objection !== undefined) assert.match(objection, /^[ -~]+$/);
      },
    ),
  );
});
