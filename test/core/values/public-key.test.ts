import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { InputError } from '../../../src/core/values/errors.ts';
import {
  abbreviateKey,
  isPublicKey,
  looksLikeKey,
  parseKernelKey,
  parsePublicKey,
} from '../../../src/core/values/public-key.ts';
import { damaged, domainNames, KEYS, publicKeys, texts } from '../arbitraries.ts';

const ZERO_KEY = Buffer.alloc(32).toString('base64');

test('a public key is the canonical base64 text of 32 bytes that are not all zero', () => {
  fc.assert(
    fc.property(fc.oneof(publicKeys, damaged(publicKeys), texts), (text) => {
      const bytes = Buffer.from(text, 'base64');
      const isCanonical = bytes.length === 32 && bytes.toString('base64') === text;
      assert.equal(isPublicKey(text), isCanonical && bytes.some((byte) => byte !== 0));
    }),
  );
});

test('a parsed key is the text itself, and anything else is refused', () => {
  fc.assert(
    fc.property(fc.oneof(publicKeys, damaged(publicKeys), texts), (text) => {
      if (isPublicKey(text)) assert.equal(parsePublicKey(text), text);
      else assert.throws(() => parsePublicKey(text), InputError);
    }),
  );
});

const REFUSED = [
  ['nothing', ''],
  ['the all-zero key', ZERO_KEY],
  ['a key without its end', KEYS[0].slice(0, -1)],
  ['a key with an extra character', `A${KEYS[0]}`],
  ['a key with a spare bit set', `${'A'.repeat(41)}QB=`],
  ['a key with the other spare bit set', `${'A'.repeat(41)}QC=`],
  ['a key of 31 bytes', Buffer.alloc(31, 1).toString('base64')],
  ['a key in the alphabet for web addresses', `_-${KEYS[0].slice(2)}`],
  ['a key with a line end', `${KEYS[0]}\n`],
  ['a key with a blank before it', ` ${KEYS[0]}`],
  ['a key in hexadecimal', 'ab'.repeat(32)],
] as const;
for (const [name, text] of REFUSED) {
  test(`${name} is not a public key`, () => {
    assert.throws(() => parsePublicKey(text), { name: 'InputError', message: /^Cannot use ".*" as a public key/ });
  });
}

test('the kernel may report the all-zero key, but nothing that is not a key', () => {
  assert.equal(parseKernelKey(ZERO_KEY), ZERO_KEY);
  fc.assert(
    fc.property(fc.oneof(publicKeys, damaged(publicKeys)), (text) => {
      if (isPublicKey(text)) assert.equal(parseKernelKey(text), text);
      else if (text !== ZERO_KEY) assert.throws(() => parseKernelKey(text), InputError);
    }),
  );
});

test('a key looks like a key and the name of a domain never does', () => {
  fc.assert(fc.property(publicKeys, (key) => looksLikeKey(key)));
  fc.assert(fc.property(domainNames, (name) => !looksLikeKey(name)));
});

test('an abbreviated key has its first twelve characters', () => {
  assert.equal(abbreviateKey(KEYS[2]), 'o52Ge+Rpj4CU…');
});
