import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parseRouterNames } from '../../../src/core/operator/router-names.ts';
import { findNamed, isMeant, parseRouterQuery, type RouterQuery } from '../../../src/core/operator/router-query.ts';
import { deriveAll } from '../../../src/core/values/derived-address.ts';
import { parseIpAddress } from '../../../src/core/values/ip-address.ts';
import { abbreviateKey } from '../../../src/core/values/public-key.ts';
import { KEYS, ourPeer, parseOrRefuse, publicKeys, texts } from '../arbitraries.ts';

const [KEY, OTHER] = KEYS;

const QUERIES: readonly (readonly [text: string, expected: unknown])[] = [
  [KEY, { kind: 'key', key: KEY }],
  [abbreviateKey(KEY), { kind: 'beginning', beginning: KEY.slice(0, 12) }],
  [`${KEY.slice(0, 5)}...`, { kind: 'beginning', beginning: KEY.slice(0, 5) }],
  ['02:A6:8f:21:54:65', { kind: 'mac', mac: '02:a6:8f:21:54:65' }],
  ['02-a6-8f-21-54-65', { kind: 'mac', mac: '02:a6:8f:21:54:65' }],
  ['FE80::A6:8FFF:FE21:5465', { kind: 'address', address: 'fe80::a6:8fff:fe21:5465' }],
  ['fe80::a6:8fff:fe21:5465/128', { kind: 'address', address: 'fe80::a6:8fff:fe21:5465' }],
  ['fe80::1%wgww01', { kind: 'address', address: 'fe80::1' }],
  ['192.0.2.7', { kind: 'address', address: '192.0.2.7' }],
  ['o52', { kind: 'name', part: 'o52' }],
  [' Haus 3, St. Goar ', { kind: 'name', part: 'Haus 3, St. Goar' }],
  ['gateway.example', { kind: 'name', part: 'gateway.example' }],
  ['Köln', { kind: 'name', part: 'Köln' }],
  ['192.0.2.7/32', { kind: 'address', address: '192.0.2.7' }],
];
for (const [text, expected] of QUERIES) {
  test(`${text} asks for ${Object.keys(expected as object).at(-1)}`, () => {
    assert.deepEqual(parseRouterQuery(text), expected);
  });
}

for (const text of ['', ' ', '02:a6:8f', 'a\x1b[2J', 'a\u202e', '192.0.2.777', `${KEY.slice(0, 42)}B=`, 'fe80::/64']) {
  test(`${JSON.stringify(text)} is refused as a query`, () => {
    assert.throws(() => parseRouterQuery(text), { name: 'InputError' });
  });
}

test('a router is found by its key, the beginning of it, and anything derived from it; another router is not', () => {
  fc.assert(
    fc.property(publicKeys, (key) => {
      const derived = deriveAll(key).flatMap(({ mac, address }) => [mac, address]);
      for (const text of [key, abbreviateKey(key), ...derived]) {
        const query = parseRouterQuery(text);
        assert.ok(isMeant(query, ourPeer(key, { allowedIps: [] })), text);
        assert.ok(!isMeant(query, ourPeer(OTHER)), text);
      }
    }),
  );
});

test('a peer is found by each of its allowed IPs and by its endpoint', () => {
  const peer = ourPeer(KEY, {
    allowedIps: ['fe80::42/128', '192.0.2.1/32', '10.0.0.0/8'],
    endpoint: parseIpAddress('203.0.113.7'),
  });
  const find = (address: string) => isMeant({ kind: 'address', address } as RouterQuery, peer);
  for (const address of ['fe80::42', '192.0.2.1', '203.0.113.7']) assert.ok(find(address), address);
  for (const address of ['10.0.0.0', '10.0.0.1', 'fe80::4', '203.0.113.70']) assert.ok(!find(address), address);
});

test('named keys are found by a part of the name, also by what could be the beginning of a key', () => {
  const { names } = parseRouterNames(`${KEY} Church, Koblenz\n${OTHER} Koblenz, school`, '');
  const find = (text: string) => findNamed(parseRouterQuery(text), names);
  assert.deepEqual(find('koblenz'), [KEY, OTHER]);
  assert.deepEqual(find('Z, S'), [OTHER]);
  assert.deepEqual(find(KEY), []);
  assert.deepEqual(find('192.0.2.1'), []);
});

test('any other text is refused, and nothing else is thrown', () => {
  fc.assert(
    fc.property(texts, (text) => {
      parseOrRefuse(() => parseRouterQuery(text));
    }),
  );
});
