import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  buildLeaseId,
  buildToken,
  formatCredentials,
  isLeaseId,
  parseCredentials,
} from '../../../src/core/leases/credentials.ts';
import { damaged, parseOrRefuse, texts } from '../arbitraries.ts';
import { leaseIds, tokens } from './lease-arbitraries.ts';

const RIGHT = { id: 'k7f2mqxa', token: 'abcdefghijklmnopqrstuvwxyz' };
const credentials = fc.tuple(leaseIds, tokens).map(([id, token]) => formatCredentials(id, token));

describe('ID and token', () => {
  for (const [name, text] of [
    ['as they were sent', 'k7f2mqxa-abcdefghijklmnopqrstuvwxyz'],
    ['in upper case', 'K7F2MQXA-ABCDEFGHIJKLMNOPQRSTUVWXYZ'],
    ['in both cases', 'K7f2mQxa-AbcdefghijklmNOPqrstuvwxyz'],
    ['without the hyphen', 'k7f2mqxaabcdefghijklmnopqrstuvwxyz'],
    ['with the hyphen elsewhere', 'k7f2-mqxaabcdefghijklmnopqrstuvwxyz'],
    ['in groups', 'k7f2 mqxa - abcd efgh ijkl mnop qrst uvwx yz'],
    ['with more hyphens', '-k7f2-mqxa--abcd-efgh-ijkl-mnop-qrst-uvwx-yz-'],
    ['over two lines of a mail', '  k7f2mqxa-abcdefghijkl\r\n\tmnopqrstuvwxyz\n'],
    ['with a soft hyphen and a byte order mark', '\ufeffk7f2mqxa-abcdefghijkl\u00admnopqrstuvwxyz'],
    ['with a dash and a no-break space', 'k7f2mqxa\u00a0\u2013\u00a0abcdefghijklmnopqrstuvwxyz'],
  ] as const)
    test(`are read ${name}`, () => assert.deepEqual(parseCredentials(text), RIGHT));

  const count = (found: number) => `Cannot read the access code: expected 34 letters and digits, found ${found}`;
  const others = 'Cannot read the access code: expected the letters a to z and the digits 2 to 7 only';
  for (const [name, text, message] of [
    ['are missing', '', count(0)],
    ['are an ID alone', 'k7f2mqxa', count(8)],
    ['lack a character', 'k7f2mqxa-abcdefghijklmnopqrstuvwxy', count(33)],
    ['have one too many', 'k7f2mqxa-abcdefghijklmnopqrstuvwxyzz', count(35)],
    ['have a digit that base32 lacks', 'k7f2mqxa-abcdefghijklmnopqrstuvwxy1', others],
    ['have an underscore', 'k7f2mqxa_abcdefghijklmnopqrstuvwxyz', others],
    ['have a letter whose lower case is ASCII', 'k7f2mqxa-abcdefghij\u212almnopqrstuvwxyz', others],
  ] as const)
    test(`are refused if they ${name}`, () =>
      assert.throws(() => parseCredentials(text), { name: 'InputError', message }));

  test('are read again, whatever case, blanks and hyphens a person puts in', () => {
    const noise = fc.array(fc.tuple(fc.nat(34), fc.constantFrom(' ', '-', '\n', '\u00a0', '\u2011', '\u200b')));
    fc.assert(
      fc.property(leaseIds, tokens, noise, fc.array(fc.nat(34)), (id, token, some, capitals) => {
        const typed = [...formatCredentials(id, token)];
        for (const at of capitals) typed[at] = typed[at]?.toUpperCase() ?? '';
        for (const [at, ignored] of some) typed.splice(at, 0, ignored);
        assert.deepEqual(parseCredentials(typed.join('')), { id, token });
      }),
    );
  });

  test('are of their form, or are refused with a line that shows nothing of them', () => {
    fc.assert(
      fc.property(fc.oneof(texts, credentials, damaged(credentials)), (text) => {
        try {
          const { id, token } = parseCredentials(text);
          assert.match(`${id}-${token}`, /^[a-z2-7]{8}-[a-z2-7]{26}$/);
        } catch (error) {
          parseOrRefuse(() => {
            throw error;
          });
          assert.ok([others, count(Number(/\d+$/.exec(String(error))))].includes((error as Error).message));
        }
      }),
    );
  });
});

describe('an ID', () => {
  test('is 8 letters and digits of base32, and nothing else is', () => {
    fc.assert(fc.property(leaseIds, isLeaseId));
    for (const text of ['', 'k7f2mqx', 'k7f2mqxaa', 'K7F2MQXA', 'k7f2mqx1', 'k7f2mqxa\n', ' k7f2mqxa'])
      assert.ok(!isLeaseId(text), JSON.stringify(text));
  });

  test('has all 40 bits that it is made of', () => {
    assert.equal(buildLeaseId(Buffer.from('ffffffffff', 'hex')), '77777777');
    assert.equal(buildLeaseId(Buffer.from('0000000001', 'hex')), 'aaaaaaab');
    assert.equal(buildLeaseId(Buffer.from('hello')), 'nbswy3dp');
    const bytes = fc.uint8Array({ minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(bytes, bytes, (one, other) => {
        const isSame = Buffer.compare(one, other) === 0;
        assert.equal(buildLeaseId(one) === buildLeaseId(other), isSame);
      }),
    );
  });

  test('is not made of fewer or more bytes', () => {
    for (const bytes of [0, 4, 6]) assert.throws(() => buildLeaseId(Buffer.alloc(bytes)), RangeError);
  });
});

describe('a token', () => {
  test('has the first 130 bits of those that it is made of', () => {
    const zeros = Buffer.alloc(17);
    assert.equal(buildToken(zeros), 'a'.repeat(26));
    assert.equal(buildToken(Buffer.alloc(17, 0xff)), '7'.repeat(26));
    for (let bit = 0; bit < 136; bit++) {
      const one = Buffer.from(zeros);
      one[bit >> 3] = 0x80 >> (bit & 7);
      assert.equal(buildToken(one) === buildToken(zeros), bit >= 130, `${bit}`);
    }
  });

  test('is not made of fewer or more bytes', () => {
    for (const bytes of [0, 16, 18]) assert.throws(() => buildToken(Buffer.alloc(bytes)), RangeError);
  });
});
