import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseEmailAddress } from '../../../src/core/leases/email-address.ts';
import { damaged, parseOrRefuse, texts } from '../arbitraries.ts';

const LONGEST = `${'a'.repeat(64)}@${'b'.repeat(189)}`;
const addresses = fc.emailAddress();

describe('an email address', () => {
  for (const [name, text] of [
    ['is an ordinary one', 'ada@example.org'],
    ['has a tag', 'ada+wgkex@example.org'],
    ['has an apostrophe', "o'hara@example.org"],
    ['is of a domain with an umlaut', 'ada@köln.example'],
    ['has 254 bytes', LONGEST],
  ] as const)
    test(`may be one that ${name}`, () => assert.equal(parseEmailAddress(text), text));

  const sides = 'expected one "@" with text on both sides';
  for (const [name, text, fault] of [
    ['nothing', '', sides],
    ['no @', 'ada', sides],
    ['two', 'ada@home@example.org', sides],
    ['nothing before the @', '@example.org', sides],
    ['nothing after it', 'ada@', sides],
    ['a blank', 'ada @example.org', 'expected no " "'],
    ['two addresses', 'ada@example.org,eve@example.org', 'expected no ","'],
    ['a name', 'Ada<ada@example.org>', 'expected no "<"'],
    ['quotes', '"ada"@example.org', 'expected no "\\""'],
    ['a further header', 'ada@example.org\r\nBcc: eve@example.org', 'expected no "\\r"'],
    ['NUL', 'ada\0@example.org', 'it has a control or invisible character (U+0000)'],
    ['an invisible character', 'ada\u200b@example.org', 'it has a control or invisible character (U+200B)'],
    ['an option', '-Xlog@example.org', 'expected no "-" at its start'],
    ['255 bytes', `${LONGEST}b`, 'expected at most 254 bytes'],
    ['254 characters that are more bytes', `ö${LONGEST.slice(1)}`, 'expected at most 254 bytes'],
  ] as const)
    test(`is not ${name}`, () =>
      assert.throws(
        () => parseEmailAddress(text),
        (error: Error) => error.name === 'InputError' && error.message.endsWith(` as an email address: ${fault}`),
      ));

  test('is one word with one @ of at most 254 bytes, or is refused with a printable line', () => {
    fc.assert(
      fc.property(fc.oneof(texts, addresses, damaged(addresses)), (text) => {
        const address = parseOrRefuse(() => parseEmailAddress(text));
        if (address === undefined) return;
        assert.equal(address, text);
        assert.match(address, /^[^\s\p{C}<>,@-][^\s\p{C}<>,@]*@[^\s\p{C}<>,@]+$/u);
        assert.ok(Buffer.byteLength(address) <= 254);
      }),
    );
  });

  test('is accepted as people have them', () => {
    const ordinary = addresses.filter((text) => !text.startsWith('-') && text.length <= 254);
    fc.assert(fc.property(ordinary, (text) => assert.equal(parseEmailAddress(text), text)));
  });
});
