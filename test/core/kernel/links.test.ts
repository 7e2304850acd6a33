import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { findChangedLink, parseAddresses, parseLinkNumbers, parseMarkedLinks } from '../../../src/core/kernel/links.ts';
import { damaged, parseOrRefuse, texts } from '../arbitraries.ts';

const LINE = (number: number, name: string) =>
  `[{"ifindex":${number},"ifname":"${name}","flags":["NOARP","UP"],"mtu":1420,"operstate":"UNKNOWN"}]`;

test('the numbers of the interfaces are in order', () => {
  assert.deepEqual(parseLinkNumbers(`${LINE(7, 'wgww01')}\n${LINE(12, 'vxww01')}\n`), [7, 12]);
});

test('any output of ip is either read as numbers or refused', () => {
  const right = fc.nat().map((number) => LINE(number, 'wgww01'));
  fc.assert(
    fc.property(fc.oneof(texts, fc.json(), damaged(right)), (text) => {
      const numbers = parseOrRefuse(() => parseLinkNumbers(text));
      assert.ok(numbers === undefined || numbers.every((number) => number > 0));
    }),
  );
});

const WATCHED = ['wgww01', 'vxww01', 'wg', 'wg@', 'wg@ww01'];
const LINES = [
  ['5: wgww01: <POINTOPOINT,NOARP,UP,LOWER_UP> mtu 1420 qdisc noqueue state UNKNOWN group default', 'wgww01'],
  ['5: wg@ww01: <POINTOPOINT,NOARP,UP> mtu 1420 qdisc noqueue state UNKNOWN group default', 'wg@ww01'],
  ['5: wg@ww01@if7: <POINTOPOINT,NOARP,UP> mtu 1420 qdisc noqueue state UNKNOWN group default', 'wg@ww01'],
  ['8: wg@ww01@x: <POINTOPOINT> mtu 1420', 'wg@ww01'],
  ['8: wg@: <POINTOPOINT> mtu 1420', 'wg@'],
  ['9: wgww011: <POINTOPOINT> mtu 1420', undefined],
  ['9: other@vxww01: <POINTOPOINT> mtu 1420', undefined],
  ['6: vxww01@wgww01: <BROADCAST,MULTICAST> mtu 1350 qdisc noop state DOWN group default', 'vxww01'],
  ['7: uplink@if3: <BROADCAST> mtu 1500', undefined],
  ['Deleted 5: wgww01: <POINTOPOINT,NOARP> mtu 1420 qdisc noop state DOWN group default', undefined],
  ['    link/ether 76:db:45:98:8c:8d brd ff:ff:ff:ff:ff:ff', undefined],
  ['', undefined],
] as const;
for (const [line, expected] of LINES) {
  test(`a line of the monitor is about ${expected}: ${line}`, () => {
    assert.equal(findChangedLink(line, WATCHED), expected);
  });
}

test('interfaces have the alias and the kind that ip prints', () => {
  const text = `[{"ifname":"lo"},{"ifname":"wg-a","linkinfo":{"info_kind":"wireguard"},"ifalias":"wgkex-client"},
    {"ifname":"eth0","linkinfo":{}}]`;
  const links = new Map([
    ['lo', { alias: '', kind: '' }],
    ['wg-a', { alias: 'wgkex-client', kind: 'wireguard' }],
    ['eth0', { alias: '', kind: '' }],
  ]);
  assert.deepEqual(parseMarkedLinks(text), links);
});

test('addresses have their length, and the kernel’s own are left out', () => {
  const text = `[{},{"ifname":"wg-a","addr_info":[{"family":"inet","local":"10.66.0.5","prefixlen":32,"scope":"global"},
    {"family":"inet6","local":"fd66::5","prefixlen":128,"scope":"global"},
    {"family":"inet6","local":"fe80::1","prefixlen":64,"scope":"link"}]}]`;
  assert.deepEqual(parseAddresses(text), ['10.66.0.5/32', 'fd66::5/128']);
});

test('any output of ip is either read as interfaces and addresses, or refused', () => {
  const right = fc.constant(
    '[{"ifname":"wg-a","ifalias":"x","addr_info":[{"local":"::1","prefixlen":128,"scope":"host"}]}]',
  );
  fc.assert(
    fc.property(fc.oneof(texts, fc.json(), damaged(right)), (text) => {
      for (const parse of [parseMarkedLinks, parseAddresses]) parseOrRefuse<unknown>(() => parse(text));
    }),
  );
});
