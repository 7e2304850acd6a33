import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { buildListLine, isLineOf, parseKeyList } from '../../../src/core/exchange/key-list.ts';
import { KEYS, publicKeys, texts } from '../arbitraries.ts';

const [KEY, OTHER] = KEYS;
const DAY = '2026-11-20';

const REASONS = [
  ['nothing', '', ''],
  ['words', 'stolen router', 'stolen router, '],
  ['letters of any script', 'geklaut in Köln, 盗まれた', 'geklaut in Köln, 盗まれた, '],
  ['blanks around and between', '  a \t b  ', 'a b, '],
  ['the end of a line', `a\r\n${OTHER}\u2028b`, `a ${OTHER} b, `],
  ['control characters', 'a\x1b[31m\0b', 'a [31m b, '],
  ['characters that reverse a line', 'a\u202eb', 'a b, '],
  ['another comment', 'a # b', 'a # b, '],
  ['200 characters', 'x'.repeat(200), `${'x'.repeat(200)}, `],
  ['too many characters, of two halves each', '😀'.repeat(300), `${'😀'.repeat(200)}…, `],
] as const;
for (const [name, reason, expected] of REASONS) {
  test(`the reason on a line has ${name}`, () => {
    assert.equal(buildListLine(KEY, reason, DAY), `${KEY} # ${expected}${DAY}`);
  });
}

test('with any reason, the line is one line that lists that key and no other', () => {
  fc.assert(
    fc.property(publicKeys, texts, (key, reason) => {
      const line = buildListLine(key, reason, DAY);
      assert.doesNotMatch(line, /[\p{C}\p{Zl}\p{Zp}]/u);
      assert.ok(line.length < 500);
      assert.ok(isLineOf(key, line));
      assert.deepEqual(parseKeyList(`${line}\n`, 'list'), { keys: new Set([key]), complaints: [] });
    }),
  );
});

test('a comment ends with its line, whatever the line end is', () => {
  const text = `${KEY} # stolen\r\n${OTHER} # lost\u2028or sold\n`;
  assert.deepEqual(parseKeyList(text, 'list'), { keys: new Set([KEY, OTHER]), complaints: [] });
});

const LINES = [
  [KEY, true],
  [`\ufeff ${KEY}\t# stolen\r\n`, true],
  [`# ${KEY}`, false],
  [`${KEY} ${KEY}`, false],
  [OTHER, false],
  ['', false],
] as const;
for (const [line, expected] of LINES) {
  test(`the line ${JSON.stringify(line.replace(KEY, 'KEY'))} ${expected ? 'lists' : 'does not list'} the key`, () => {
    assert.equal(isLineOf(KEY, line), expected);
  });
}
