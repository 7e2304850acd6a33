import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Gateway } from '../../../../src/core/exchange/gateway.ts';
import {
  formatConnectedPeers,
  formatWorkerData,
  parseConnectedPeers,
  parseWorkerData,
  parseWorkerKey,
} from '../../../../src/core/fleet/workers/payloads.ts';
import { parseIpAddress } from '../../../../src/core/values/ip-address.ts';
import { ipAddresses, KEYS, parseOrRefuse, publicKeys, texts } from '../../arbitraries.ts';

const [KEY] = KEYS;
/** As freifunkMUC's worker sends them. */
const DATA = {
  ExternalAddress: 'gw04.ext.example',
  Port: 40_011,
  PublicKey: KEY,
  LinkAddress: 'fe80::27c:16ff:fec0:6c74',
};
const read = (value: unknown) => parseWorkerData(Buffer.from(JSON.stringify(value)));

describe('the data of a worker', () => {
  test('say what a router dials', () => {
    const { ExternalAddress: name, Port: port, PublicKey: publicKey, LinkAddress } = DATA;
    const linkAddress = parseIpAddress(LinkAddress);
    assert.deepEqual(read({ ...DATA, More: 1 }), { name, port, publicKey, linkAddress, isOurs: false });
  });

  for (const [what, change] of [
    ['no name', { ExternalAddress: undefined }],
    ['a name with a line end', { ExternalAddress: 'gw04\n' }],
    ['a name with a blank', { ExternalAddress: 'gw04 example' }],
    ['a name that is a number', { ExternalAddress: 4 }],
    ['an address that is none', { ExternalAddress: '2001:db8:::1' }],
    ['port 0', { Port: 0 }],
    ['a port beyond the last', { Port: 65_536 }],
    ['half a port', { Port: 1.5 }],
    ['a port in words', { Port: '40011' }],
    ['a key with spare bits', { PublicKey: `${'A'.repeat(42)}B=` }],
    ['a key with a line end', { PublicKey: `${KEY}\n` }],
    ['the key of nobody', { PublicKey: `${'A'.repeat(43)}=` }],
    ['an address of the internet', { LinkAddress: '2001:db8::1' }],
    ['an address with its length', { LinkAddress: 'fe80::1/64' }],
    ['an address with a zone', { LinkAddress: 'fe80::1%wg0' }],
    ['an address in another spelling', { LinkAddress: 'FE80:0::1' }],
    ['no link address', { LinkAddress: undefined }],
  ] as const)
    test(`do not count with ${what}`, () => {
      assert.throws(() => read({ ...DATA, ...change }), { name: 'InputError' });
    });

  test('may name an address, and a unique local one for the link', () => {
    for (const name of ['192.0.2.1', '2001:db8::1']) assert.equal(read({ ...DATA, ExternalAddress: name }).name, name);
    assert.equal(read({ ...DATA, LinkAddress: 'fd42::1' }).linkAddress, 'fd42::1');
  });

  for (const text of ['', 'null', '[]', '1', '{', '{}', '"x"', '\0'])
    test(`are not ${JSON.stringify(text)}`, () => {
      assert.throws(() => parseWorkerData(Buffer.from(text)), { name: 'InputError' });
    });

  test('longer than 4 kB are not read', () => {
    assert.throws(() => read({ ...DATA, More: 'x'.repeat(4096) }), /^InputError: Cannot read data: \d+ bytes/);
  });

  test('of our gateways are read as they were written, and known as ours', () => {
    const gateways: fc.Arbitrary<Gateway> = fc.record({
      name: fc.constantFrom('gw1.example.org', '2001:db8::1'),
      port: fc.integer({ min: 1, max: 65_535 }),
      publicKey: publicKeys,
      linkAddress: ipAddresses.map(() => parseIpAddress('fe80::1')),
    });
    fc.assert(
      fc.property(gateways, (gateway) => {
        const text = formatWorkerData(gateway);
        assert.deepEqual(Object.keys(JSON.parse(text)).slice(0, 4), Object.keys(DATA));
        assert.deepEqual(parseWorkerData(Buffer.from(text)), { ...gateway, isOurs: true });
      }),
    );
  });
});

describe('the number of a worker', () => {
  for (const [text, expected] of [
    ['0', 0],
    ['-1', -1],
    ['250', 250],
  ] as const)
    test(`may be ${text}`, () => assert.equal(parseConnectedPeers(Buffer.from(text)), expected));

  for (const text of ['', ' ', '1.0', '1e3', 'NaN', '1\n', '--1', '1234567890', '٣', '0x1', 'null'])
    test(`is not ${JSON.stringify(text)}`, () => {
      assert.throws(() => parseConnectedPeers(Buffer.from(text)), { name: 'InputError' });
    });

  test('is written as an integer, whatever it is', () => {
    fc.assert(
      fc.property(fc.oneof(fc.double(), fc.integer(), fc.maxSafeInteger()), (count) => {
        const text = formatConnectedPeers(count);
        assert.match(text, /^-?\d+$/);
        if (Number.isSafeInteger(count)) assert.ok(Number(text) === count, text);
      }),
    );
  });
});

describe('a key by a topic', () => {
  test('is 44 characters of base64, and nothing else', () => {
    fc.assert(
      fc.property(fc.oneof(publicKeys, texts), (text) => {
        const payload = Buffer.from(text);
        const key = parseOrRefuse(() => parseWorkerKey(payload));
        const isKey = text.length === 44 && Buffer.from(text, 'base64').toString('base64') === text;
        assert.equal(key, isKey && !/^A+=$/.test(text) ? text : undefined);
      }),
    );
    for (const text of [`${KEY}\n`, ` ${KEY}`, KEY.slice(0, 43), `${'A'.repeat(42)}B=`, '', 'ä'.repeat(22)])
      assert.throws(() => parseWorkerKey(Buffer.from(text)), { name: 'InputError' });
  });
});
