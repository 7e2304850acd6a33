import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { formatThirdLine, parseThirdLine } from '../../../src/core/leases/third-line.ts';
import { damaged, PLAIN, texts } from '../arbitraries.ts';
import { leaseIds, nonces, proofs } from './lease-arbitraries.ts';

const PROOF = 'gZB8XqQenPcPoc5qOxWi5JZIpzMmMsRVd0FY4EJBPSU';
const parts = fc.record({ id: leaseIds, nonce: nonces, proof: proofs }, PLAIN);

describe('a third line', () => {
  test('is read as it was written, in 61 bytes', () => {
    fc.assert(
      fc.property(parts, (line) => {
        assert.equal(Buffer.from(formatThirdLine(line)).length, 61);
        assert.deepEqual(parseThirdLine(formatThirdLine(line)), line);
      }),
    );
  });

  test('is any text that is written again as itself, and no other text', () => {
    const lines = parts.map(formatThirdLine);
    fc.assert(
      fc.property(fc.oneof(texts, lines, damaged(lines)), (text) => {
        const line = parseThirdLine(text);
        if (line === undefined) assert.doesNotMatch(text, /^[a-z2-7]{8}\.[\w-]{8}\.[\w-]{43}$/);
        else assert.equal(formatThirdLine(line), text);
      }),
    );
  });

  for (const [name, text] of [
    ['nothing', ''],
    ['an ID alone', 'k7f2mqxa'],
    ['without a proof', 'k7f2mqxa.AAAAAAAA.'],
    ['a token in place of a proof', 'k7f2mqxa.AAAAAAAA.abcdefghijklmnopqrstuvwxyz'],
    ['an ID in upper case', `K7F2MQXA.AAAAAAAA.${PROOF}`],
    ['an ID with a digit that base32 lacks', `k7f2mqx1.AAAAAAAA.${PROOF}`],
    ['a short nonce', `k7f2mqxa.AAAAAAA.${PROOF}`],
    ['a nonce in base64', `k7f2mqxa.AAAA+AAA.${PROOF}`],
    ['a padded proof', `k7f2mqxa.AAAAAAAA.${PROOF}=`],
    ['a proof in base64', `k7f2mqxa.AAAAAAAA.${PROOF.replace('g', '/')}`],
    ['hyphens between the parts', `k7f2mqxa-AAAAAAAA-${PROOF}`],
    ['a blank in front', ` k7f2mqxa.AAAAAAAA.${PROOF}`],
    ['a line feed at the end', `k7f2mqxa.AAAAAAAA.${PROOF}\n`],
    ['a second line', `k7f2mqxa.AAAAAAAA.${PROOF}\nk7f2mqxa.AAAAAAAA.${PROOF}`],
  ] as const)
    test(`is not ${name}`, () => assert.equal(parseThirdLine(text), undefined));
});
