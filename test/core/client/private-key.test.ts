import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { derivePublicKey, parsePrivateKey } from '../../../src/core/client/private-key.ts';

// RFC 7748, 6.1: the keys of Alice and Bob.
const PAIRS = [
  ['dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo=', 'hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo='],
  ['XasIfmJKikt54X+Lg4AO5m87sSkmGLb9HC+LJ/+I4Os=', '3p7bfXt9wbTTW2HC7OQ1Nz+DQ8hbeGdNrfx+FG+IK08='],
] as const;
for (const [privateKey, publicKey] of PAIRS)
  test(`the public key of RFC 7748 belongs to its private key: ${publicKey}`, () => {
    assert.equal(derivePublicKey(parsePrivateKey(privateKey, 'here')), publicKey);
  });

test('wg pubkey derives the same public key from any 32 bytes', () => {
  const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 }).filter((one) => one.some((byte) => byte !== 0));
  fc.assert(
    fc.property(bytes, (random) => {
      const text = Buffer.from(random).toString('base64');
      const expected = execFileSync('wg', ['pubkey'], { input: `${text}\n`, encoding: 'utf8' }).trim();
      assert.equal(derivePublicKey(parsePrivateKey(text, 'here')), expected);
    }),
    { numRuns: 50 },
  );
});

test('anything else is not a private key, and does not stand in the error', () => {
  for (const text of ['', 'secret', `${'A'.repeat(43)}=`, `${'A'.repeat(42)}B=`, PAIRS[0][0].slice(1)])
    assert.throws(() => parsePrivateKey(text, '/a/file'), {
      name: 'InputError',
      message: 'Cannot read the private key in /a/file: expected 32 bytes in base64',
    });
});
