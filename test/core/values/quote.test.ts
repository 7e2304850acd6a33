import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { escapeLine, quote } from '../../../src/core/values/quote.ts';
import { texts } from '../arbitraries.ts';

test('any text is quoted as one bounded line of printable ASCII', () => {
  fc.assert(
    fc.property(texts, (text) => {
      const quoted = quote(text);
      assert.match(quoted, /^"[ -~]*"…?$/);
      assert.ok(quoted.length <= 6 * 64 + 3);
      assert.equal(quoted.endsWith('…'), text.length > 64);
    }),
  );
});

test('quoted text that is not cut can be read back', () => {
  fc.assert(
    fc.property(texts, (text) => {
      fc.pre(text.length <= 64);
      assert.equal(JSON.parse(quote(text)), text);
    }),
  );
});

test('any text is escaped to one bounded line of printable ASCII', () => {
  fc.assert(
    fc.property(texts, fc.nat(100), (text, maxCharacters) => {
      const escaped = escapeLine(text, maxCharacters);
      assert.match(escaped, /^[ -~…]*$/);
      assert.ok(escaped.length <= 6 * maxCharacters + 1);
    }),
  );
});

test('printable ASCII stays as it is, except that backslashes are doubled', () => {
  const ascii = fc.string({ unit: 'grapheme-ascii', maxLength: 50 });
  fc.assert(fc.property(ascii, (text) => assert.equal(escapeLine(text, 50), text.replaceAll('\\', '\\\\'))));
});

const ESCAPED = [
  ['a line end', 'a\nb', 'a\\u000ab'],
  ['a terminal sequence', '\x1b[31m', '\\u001b[31m'],
  ['a byte outside ASCII', '\xe9', '\\u00e9'],
  ['a character of two halves', '😀', '\\ud83d\\ude00'],
  ['a character that reverses the direction of writing', '\u202e', '\\u202e'],
] as const;
for (const [name, text, expected] of ESCAPED) {
  test(`${name} is escaped`, () => {
    assert.equal(escapeLine(text, 10), expected);
  });
}

test('text that is too long is cut and marked', () => {
  assert.equal(escapeLine('abcdef', 3), 'abc…');
  assert.equal(escapeLine('abc', 3), 'abc');
  assert.equal(quote('a'.repeat(65)), `"${'a'.repeat(64)}"…`);
  assert.equal(quote('a'.repeat(64)), `"${'a'.repeat(64)}"`);
});
