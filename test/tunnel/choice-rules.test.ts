import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { type Instance, type InstanceName, OVER_TCP, parseGateway } from '../../src/core/client/instance.ts';
import { VIA } from '../../src/core/client/messages.ts';
import { parseIpAddress } from '../../src/core/values/ip-address.ts';
import { findChoiceObjection } from '../../src/tunnel/choice-rules.ts';

const INSTANCE: Instance = {
  name: 'members' as InstanceName,
  gateways: [parseGateway('gw1.example.org'), parseGateway('[2001:db8::1]:443')],
  domain: 'members',
  traffic: 'routes',
  overTcp: 'auto',
  sample: 3,
};
const GATEWAY = 'gw1.example.org:10012';
const judge = (address: string, via: (typeof VIA)[number], gateway = GATEWAY, instance = INSTANCE) =>
  findChoiceObjection({ gateway, via, endpoint: { address: parseIpAddress(address), port: 51_820 } }, instance);

describe('by UDP', () => {
  for (const address of [
    '192.0.2.1',
    '10.0.0.1',
    '1.0.0.0',
    '126.255.255.255',
    '223.255.255.255',
    '2001:db8::1',
    'fd00::1',
  ])
    test(`a gateway may have address ${address}`, () => assert.equal(judge(address, 'udp'), undefined));

  const IMPOSSIBLE = [
    ['127.0.0.1', 'loopback'],
    ['127.255.255.255', 'loopback'],
    ['::1', 'loopback'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['0.0.0.0', 'unspecified'],
    ['0.1.2.3', 'unspecified'],
    ['::', 'unspecified'],
    ['::127.0.0.1', 'reserved'],
    ['169.254.169.254', 'link-local'],
    ['fe80::1', 'link-local'],
    ['febf::1', 'link-local'],
    ['224.0.0.1', 'multicast'],
    ['239.255.255.255', 'multicast'],
    ['ff02::1', 'multicast'],
    ['255.255.255.255', 'reserved'],
    ['240.0.0.1', 'reserved'],
  ] as const;
  for (const [address, kind] of IMPOSSIBLE)
    test(`${address} is refused, as it is ${kind}`, () => {
      const shown = parseIpAddress(address);
      assert.equal(judge(address, 'udp'), `Cannot send to ${shown}: it is ${kind}, and so not a gateway's`);
    });
});

test('through a relay, no address but 127.0.0.1 is permitted', () => {
  assert.equal(judge('127.0.0.1', 'tcp'), undefined);
  const others = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.constantFrom('::1', '127.0.0.2', '127.1.0.1', '0.0.0.0', '192.0.2.1'),
  );
  fc.assert(
    fc.property(others, (text) => {
      const address = parseIpAddress(text);
      fc.pre(address !== '127.0.0.1');
      assert.equal(judge(text, 'tcp'), `Cannot send to ${address}: a relay's client listens on 127.0.0.1`);
    }),
  );
});

test('a gateway is named as root’s file names it', () => {
  assert.equal(judge('192.0.2.1', 'udp', '[2001:db8::1]:443'), undefined);
  for (const name of [
    'gw1.example.org',
    'GW1.example.org:10012',
    'gw1.example.org:10013',
    '2001:db8::1:443',
    '',
    'x\n',
  ])
    assert.match(judge('192.0.2.1', 'udp', name) ?? '', /^Cannot use gateway ".*": root's file does not name it$/);
});

test('a way is permitted as over_tcp of root’s file says', () => {
  const permitted = OVER_TCP.map((overTcp) => [
    overTcp,
    ...VIA.filter((via) => {
      const address = via === 'tcp' ? '127.0.0.1' : '192.0.2.1';
      return judge(address, via, GATEWAY, { ...INSTANCE, overTcp }) === undefined;
    }),
  ]);
  assert.deepEqual(permitted, [
    ['auto', 'udp', 'tcp'],
    ['always', 'tcp'],
    ['never', 'udp'],
  ]);
});
