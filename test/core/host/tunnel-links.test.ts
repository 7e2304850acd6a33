import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parseLinkDetails } from '../../../src/core/host/tunnel-links.ts';
import { damaged, parseOrRefuse, texts } from '../arbitraries.ts';

/** As iproute2 6.1 prints them, without irrelevant fields; 6.15 has more words for a VXLAN interface. */
const LINKS = [
  { ifindex: 1, ifname: 'lo', flags: ['LOOPBACK', 'UP', 'LOWER_UP'], mtu: 65536, qdisc: 'noqueue' },
  {
    ifindex: 2,
    ifname: 'wgww01',
    flags: ['POINTOPOINT', 'NOARP', 'UP', 'LOWER_UP'],
    mtu: 1420,
    linkinfo: { info_kind: 'wireguard' },
  },
  {
    ifindex: 3,
    ifname: 'vxww01',
    flags: ['BROADCAST', 'MULTICAST', 'UP', 'LOWER_UP'],
    mtu: 1350,
    master: 'bat0',
    linkinfo: {
      info_kind: 'vxlan',
      info_data: { id: 4242, local6: 'fe80::1', link: 'wgww01', port: 4789, external: false, learning: true, ttl: 0 },
      info_slave_kind: 'batadv',
    },
  },
  {
    ifindex: 4,
    ifname: 'vx4',
    flags: ['BROADCAST', 'MULTICAST'],
    mtu: 1500,
    linkinfo: { info_kind: 'vxlan', info_data: { id: 7, local: '10.0.0.1', port: 4790, learning: false, ttl: 0 } },
  },
  { ifindex: 5, ifname: 'veth0', flags: [], mtu: 1500, linkinfo: { info_kind: 'veth' } },
];

test('interfaces have the properties that a tunnel depends on', () => {
  const vxlan = { link: 'wgww01', local: 'fe80::1', isLearning: true };
  assert.deepEqual(parseLinkDetails(JSON.stringify(LINKS)), [
    { name: 'lo', kind: undefined, isUp: true, mtu: 65536, master: undefined, vxlan: undefined },
    { name: 'wgww01', kind: 'wireguard', isUp: true, mtu: 1420, master: undefined, vxlan: undefined },
    { name: 'vxww01', kind: 'vxlan', isUp: true, mtu: 1350, master: 'bat0', vxlan },
    {
      ...{ name: 'vx4', kind: 'vxlan', isUp: false, mtu: 1500, master: undefined },
      vxlan: { link: undefined, local: '10.0.0.1', isLearning: false },
    },
    { name: 'veth0', kind: 'veth', isUp: false, mtu: 1500, master: undefined, vxlan: undefined },
  ]);
});

test('any other text is refused, and nothing else is thrown', () => {
  const outputs = fc.constant(JSON.stringify(LINKS));
  fc.assert(
    fc.property(fc.oneof(texts, fc.json(), damaged(outputs)), (text) => {
      parseOrRefuse(() => parseLinkDetails(text));
    }),
  );
});
