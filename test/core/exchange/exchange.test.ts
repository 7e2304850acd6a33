import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  arrangeLines,
  formatReply,
  judgeRequest,
  parseReply,
  REPLY_CODES,
} from '../../../src/core/exchange/exchange.ts';
import { parseDomainName } from '../../../src/core/values/names.ts';
import { isPublicKey } from '../../../src/core/values/public-key.ts';
import { damaged, domainNames, KEYS, publicKeys, texts } from '../arbitraries.ts';

type FindDomainName = Parameters<typeof judgeRequest>[1];

const interpretLines = (first: string | undefined, second: string | undefined, find: FindDomainName) =>
  judgeRequest(arrangeLines(first, second, find), find);

const DOMAINS = new Map(['ffww01', 'ffww02'].map((name) => [name, parseDomainName(name)]));
const findName = (name: string) => DOMAINS.get(name);
const KEY = KEYS[0];
const SPARE_BITS = `${'A'.repeat(41)}QB=`;

test('a domain and a key are understood in both orders', () => {
  fc.assert(
    fc.property(domainNames, publicKeys, (domain, key) => {
      const find = (name: string) => (name === domain ? domain : undefined);
      assert.deepEqual(interpretLines(domain, key, find), { domain, key });
      assert.deepEqual(interpretLines(key, domain, find), { domain, key });
    }),
  );
});

test('a domain is found by another of its names, in both orders, and gets its own name', () => {
  fc.assert(
    fc.property(domainNames, domainNames, publicKeys, (domain, other, key) => {
      const find = (name: string) => (name === domain || name === other ? domain : undefined);
      assert.deepEqual(interpretLines(other, key, find), { domain, key });
      assert.deepEqual(interpretLines(key, other, find), { domain, key });
    }),
  );
});

test('for any lines, only a configured domain and a public key are accepted', () => {
  const lines = fc.option(
    fc.oneof(
      texts,
      publicKeys,
      damaged(publicKeys),
      fc.constantFrom(...DOMAINS.keys()),
      damaged(fc.constantFrom(...DOMAINS.keys())),
    ),
    { nil: undefined },
  );
  fc.assert(
    fc.property(lines, lines, (first, second) => {
      const result = interpretLines(first, second, findName);
      if ('refused' in result) {
        assert.match(result.refused, /^(NO|INVALID)_(DOMAIN|WGKEY)$/);
        return;
      }
      assert.ok(DOMAINS.has(result.domain) && isPublicKey(result.key));
      assert.deepEqual([first, second].sort(), [result.domain, result.key].sort());
    }),
  );
});

const REFUSED = [
  ['nothing at all', undefined, undefined, 'NO_DOMAIN'],
  ['two empty lines', '', '', 'NO_DOMAIN'],
  ['a domain and nothing else', 'ffww01', undefined, 'NO_WGKEY'],
  ['a domain and an empty line', 'ffww01', '', 'NO_WGKEY'],
  ['an empty line and a domain', '', 'ffww01', 'NO_WGKEY'],
  ['a key and nothing else', KEY, undefined, 'NO_DOMAIN'],
  ['a key and an empty line', KEY, '', 'NO_DOMAIN'],
  ['an empty line and a key', '', KEY, 'NO_DOMAIN'],
  ['a damaged key and nothing else', SPARE_BITS, undefined, 'NO_DOMAIN'],
  ['an unknown domain and nothing else', 'ffww99', undefined, 'NO_WGKEY'],
  ['an unknown domain', 'ffww99', KEY, 'INVALID_DOMAIN'],
  ['an unknown domain after the key', KEY, 'ffww99', 'INVALID_DOMAIN'],
  ['a domain in capital letters', 'FFWW01', KEY, 'INVALID_DOMAIN'],
  ['two keys', KEY, KEYS[1], 'INVALID_DOMAIN'],
  ['a key with spare bits', 'ffww01', SPARE_BITS, 'INVALID_WGKEY'],
  ['a key with spare bits before the domain', SPARE_BITS, 'ffww01', 'INVALID_WGKEY'],
  ['a shortened key', 'ffww01', KEY.slice(1), 'INVALID_WGKEY'],
  ['a shortened key before the domain', KEY.slice(1), 'ffww01', 'INVALID_WGKEY'],
  ['the all-zero key', 'ffww01', `${'A'.repeat(43)}=`, 'INVALID_WGKEY'],
  ['two domains', 'ffww01', 'ffww02', 'INVALID_WGKEY'],
  ['a domain with a byte outside ASCII', 'ffww01\xe9', KEY, 'INVALID_DOMAIN'],
  ['a key with a control byte', 'ffww01', `${KEY.slice(1)}\x01`, 'INVALID_WGKEY'],
] as const;
for (const [name, first, second, refused] of REFUSED) {
  test(`${name}: ${refused}`, () => {
    assert.deepEqual(interpretLines(first, second, findName), { refused });
  });
}

test('a reply is OK or names its code', () => {
  assert.equal(formatReply('OK'), 'OK\n');
  for (const code of REPLY_CODES.slice(1)) assert.equal(formatReply(code), `ERR: ${code}\n`);
});

test('the codes are those of the contract', () => {
  const expected =
    'OK NO_DOMAIN NO_WGKEY INVALID_DOMAIN INVALID_WGKEY LINE_TOO_LONG NO_TOKEN INVALID_TOKEN EXPIRED TOKEN_USED ' +
    'PROHIBITED_WGKEY ADDRESS_TAKEN FULL BUSY FAILED';
  assert.deepEqual([...REPLY_CODES], expected.split(' '));
});

test('every reply is understood, even without its line end', () => {
  for (const code of REPLY_CODES) {
    assert.equal(parseReply(formatReply(code)), code);
    assert.equal(parseReply(formatReply(code).trimEnd()), code);
  }
  assert.equal(parseReply(''), 'silence');
});

for (const text of ['\n', 'OKAY\n', 'ERR: NO\n', 'ERR:FULL\n', 'SSH-2.0-OpenSSH_9.2p1\r\n', 'ok\n']) {
  test(`${JSON.stringify(text)} is not a reply`, () => {
    assert.equal(parseReply(text), undefined);
  });
}
