import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Secret, Token } from '../../../src/core/leases/lease.ts';
import {
  buildProof,
  buildReplyProof,
  deriveSecret,
  isProofOf,
  isReplyProofOf,
  isSecret,
} from '../../../src/core/leases/proof.ts';
import { parsePublicKey } from '../../../src/core/values/public-key.ts';
import { damaged, domainNames, publicKeys, texts } from '../arbitraries.ts';
import { nonces, proofs, tokens } from './lease-arbitraries.ts';
import vectors from './vectors.json' with { type: 'json' };

const OPENSSL = '/usr/bin/openssl';
const skip = existsSync(OPENSSL) ? false : 'SKIPPED: needs openssl';

const secrets = tokens.map(deriveSecret);
const claims = fc.record({ name: domainNames, key: publicKeys, nonce: nonces });
const lines = fc.base64String({ maxLength: 2000 });

describe('the vectors', () => {
  for (const vector of vectors) {
    const { secret, token, domain: name, nonce, line, proof, replyProof } = readVector(vector);
    const key = parsePublicKey(vector.key);

    test(`of ${vector.id} are what wgkex makes`, () => {
      assert.equal(deriveSecret(token), secret);
      assert.equal(buildProof(secret, { name, key, nonce }), proof);
      assert.equal(buildReplyProof(secret, { key, nonce, line }), replyProof);
    });

    test(`of ${vector.id} are what openssl makes`, { skip }, () => {
      assert.equal(digest([], `wgkex token v1\0${token}`).toString('hex'), secret);
      assert.equal(sign(secret, `wgkex lease 1\n${name}\n${key}\n${nonce}\n`), proof);
      assert.equal(sign(secret, `wgkex reply 1\n${key}\n${nonce}\n${line}\n`), replyProof);
    });
  }
});

test('openssl makes the same secrets and proofs of any token, key and configuration', { skip }, () => {
  fc.assert(
    fc.property(tokens, claims, lines, (token, { name, key, nonce }, line) => {
      const secret = deriveSecret(token);
      assert.equal(secret, digest([], `wgkex token v1\0${token}`).toString('hex'));
      const proof = sign(secret, `wgkex lease 1\n${name}\n${key}\n${nonce}\n`);
      assert.equal(buildProof(secret, { name, key, nonce }), proof);
      const replyProof = sign(secret, `wgkex reply 1\n${key}\n${nonce}\n${line}\n`);
      assert.equal(buildReplyProof(secret, { key, nonce, line }), replyProof);
    }),
    { numRuns: 10 },
  );
});

describe('a proof', () => {
  test('has the form that a third line has room for', () => {
    fc.assert(fc.property(secrets, claims, (secret, claim) => /^[\w-]{43}$/.test(buildProof(secret, claim))));
  });

  test('is right for its own claim and secret', () => {
    fc.assert(fc.property(secrets, claims, (secret, claim) => isProofOf(secret, buildProof(secret, claim), claim)));
  });

  test('is wrong as soon as one part differs', () => {
    fc.assert(
      fc.property(secrets, claims, secrets, claims, (secret, claim, otherSecret, other) => {
        fc.pre(secret !== otherSecret && claim.name !== other.name && claim.nonce !== other.nonce);
        fc.pre(claim.key !== other.key);
        const proof = buildProof(secret, claim);
        assert.ok(!isProofOf(otherSecret, proof, claim));
        for (const part of ['name', 'key', 'nonce'] as const)
          assert.ok(!isProofOf(secret, proof, { ...claim, [part]: other[part] }), part);
      }),
    );
  });

  test('is that text and no other one', () => {
    const said = secrets.chain((secret) =>
      claims.chain((claim) => {
        const right = buildProof(secret, claim);
        const others = fc.oneof(damaged(fc.constant(right)), proofs, texts);
        return others.map((text) => ({ secret, claim, right, text }));
      }),
    );
    fc.assert(
      fc.property(said, ({ secret, claim, right, text }) => {
        assert.equal(isProofOf(secret, text, claim), text === right);
      }),
    );
  });

  test('is wrong in another spelling of the same bytes', () => {
    const { secret, proof, claim } = firstVector();
    const spelled = proof.replace(/.$/, 'V');
    assert.deepEqual(Buffer.from(spelled, 'base64url'), Buffer.from(proof, 'base64url'));
    assert.deepEqual(
      [proof, spelled, `${proof}=`].map((text) => isProofOf(secret, text, claim)),
      [true, false, false],
    );
  });

  test('is wrong without a secret, whatever was said', () => {
    fc.assert(
      fc.property(fc.oneof(proofs, texts), claims, (said, claim) => {
        assert.ok(!isProofOf(undefined, said, claim));
      }),
    );
    const { claim } = firstVector();
    for (const byte of [0, 255]) {
      const guess = Buffer.alloc(32, byte).toString('hex') as Secret;
      assert.ok(!isProofOf(undefined, buildProof(guess, claim), claim));
    }
  });

  test('of a claim is not one of a reply', () => {
    fc.assert(
      fc.property(secrets, claims, (secret, { name, key, nonce }) => {
        const line = name;
        assert.ok(!isReplyProofOf(secret, buildProof(secret, { name, key, nonce }), { key, nonce, line }));
        assert.ok(!isProofOf(secret, buildReplyProof(secret, { key, nonce, line }), { name, key, nonce }));
      }),
    );
  });
});

describe('the proof of a reply', () => {
  test('is right for its own reply and secret', () => {
    fc.assert(
      fc.property(secrets, claims, lines, (secret, { key, nonce }, line) =>
        isReplyProofOf(secret, buildReplyProof(secret, { key, nonce, line }), { key, nonce, line }),
      ),
    );
  });

  test('is wrong for another nonce, key, configuration or secret', () => {
    const { secret, claim, line, replyProof } = firstVector();
    const reply = { key: claim.key, nonce: claim.nonce, line };
    const key = parsePublicKey('TszFS3oFRdhsJP3K0VOlklGMGYZy+oFCtlaghXJqW2g=');
    assert.ok(isReplyProofOf(secret, replyProof, reply));
    for (const other of [{ nonce: 'AAAAAAAB' }, { key }, { line: line.slice(4) }, { line: `${line}\n` }])
      assert.ok(!isReplyProofOf(secret, replyProof, { ...reply, ...other }), JSON.stringify(other));
    assert.ok(!isReplyProofOf(deriveSecret('b'.repeat(26) as Token), replyProof, reply));
  });
});

describe('a secret', () => {
  test('is 64 hexadecimal digits in lower case', () => {
    fc.assert(fc.property(secrets, isSecret));
    const secret = firstVector().secret as string;
    for (const text of ['', secret.slice(1), `${secret}0`, secret.toUpperCase(), `${secret}\n`, `g${secret.slice(1)}`])
      assert.ok(!isSecret(text), JSON.stringify(text));
  });

  test('that is damaged proves nothing, and is not shown', () => {
    const { secret, claim, proof } = firstVector();
    for (const damage of ['', secret.slice(2), `${secret.slice(0, 62)}zz`] as Secret[])
      for (const use of [() => buildProof(damage, claim), () => isProofOf(damage, proof, claim)])
        assert.throws(use, {
          name: 'InputError',
          message: 'Cannot use the secret of a lease: expected 64 hexadecimal digits',
        });
  });
});

function readVector(vector: (typeof vectors)[number]) {
  return { ...vector, secret: vector.secret as Secret, token: vector.token as Token };
}

function firstVector() {
  const [first] = vectors.map(readVector);
  assert.ok(first);
  return { ...first, claim: { name: first.domain, key: parsePublicKey(first.key), nonce: first.nonce } };
}

/** What a client that is a shell script runs. */
function sign(secret: Secret, text: string): string {
  return digest(['-mac', 'HMAC', '-macopt', `hexkey:${secret}`], text).toString('base64url');
}

function digest(words: readonly string[], text: string): Buffer {
  return execFileSync(OPENSSL, ['dgst', '-sha256', ...words, '-binary'], { input: text });
}
