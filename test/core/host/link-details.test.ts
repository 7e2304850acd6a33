import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parseLinks } from '../../../src/core/host/link-details.ts';
import { damaged, parseOrRefuse, texts } from '../arbitraries.ts';

/** As iproute2 6.1 prints them, without irrelevant fields. */
const LINKS = [
  { ifindex: 1, ifname: 'lo', flags: ['LOOPBACK', 'UP', 'LOWER_UP'], operstate: 'UNKNOWN' },
  { ifindex: 2, ifname: 'wgww01', flags: ['POINTOPOINT', 'UP'], linkinfo: { info_kind: 'tun', info_data: {} } },
  { ifindex: 3, ifname: 'vxww01', flags: ['BROADCAST'], linkinfo: { info_kind: 'vxlan' } },
  { ifindex: 4, link: 'eth0', ifname: 'p0', flags: [], linkinfo: { info_slave_kind: 'bridge' } },
];

test('interfaces have their kind and are either up or not', () => {
  assert.deepEqual(parseLinks(JSON.stringify(LINKS)), [
    { name: 'lo', kind: undefined, isUp: true },
    { name: 'wgww01', kind: 'tun', isUp: true },
    { name: 'vxww01', kind: 'vxlan', isUp: false },
    { name: 'p0', kind: undefined, isUp: false },
  ]);
});

test('any other text is refused, and nothing else is thrown', () => {
  const outputs = fc.constant(JSON.stringify(LINKS));
  fc.assert(
    fc.property(fc.oneof(texts, fc.json(), damaged(outputs)), (text) => {
      parseOrRefuse(() => parseLinks(text));
    }),
  );
});
