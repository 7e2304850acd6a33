import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parseRouterName } from '../../../src/core/values/router-name.ts';
import { parseOrRefuse, texts } from '../arbitraries.ts';

const GOOD: readonly (readonly [what: string, text: string, name: string])[] = [
  ['an ordinary name', 'Church tower, Koblenz', 'Church tower, Koblenz'],
  ['punctuation and symbols', `Haus #3 "Süd" <b> \\ €`, `Haus #3 "Süd" <b> \\ €`],
  ['other scripts and emoji', '学校 школа מגדל ⛪', '学校 школа מגדל ⛪'],
  ['blanks at the ends and in a row', '  Church   tower\u00a0\u3000 x ', 'Church tower x'],
  ['letters with separate accents', 'Ko\u0308ln', 'Köln'],
  ['64 characters of two units each', '🏫'.repeat(64), '🏫'.repeat(64)],
  ['several marks on a letter', 'x\u0323\u0307\u0304', 'x\u0323\u0307\u0304'],
];
for (const [what, text, name] of GOOD) {
  test(`a name may have ${what}`, () => assert.equal(parseRouterName(text), name.normalize('NFC')));
}

const INVISIBLE = 'it has a control or invisible character';
const BAD: readonly (readonly [what: string, text: string, fault: string])[] = [
  ['nothing', '', 'expected 1 to 64 characters'],
  ['only blanks', ' \u00a0', 'expected 1 to 64 characters'],
  ['65 characters', 'x'.repeat(65), 'it has 65 characters, expected at most 64'],
  ['a line end', 'a\nb', `${INVISIBLE} (U+000A)`],
  ['a carriage return', 'a\rb', `${INVISIBLE} (U+000D)`],
  ['a tab', 'a\tb', `${INVISIBLE} (U+0009)`],
  ['a line separator', 'a\u2028b', `${INVISIBLE} (U+2028)`],
  ['NUL', 'a\0b', `${INVISIBLE} (U+0000)`],
  ['a terminal escape', '\x1b[2J', `${INVISIBLE} (U+001B)`],
  ['a control sequence of one byte', '\x9b2J', `${INVISIBLE} (U+009B)`],
  ['a bidi override', 'a\u202eb', `${INVISIBLE} (U+202E)`],
  ['a bidi isolate', 'a\u2067b', `${INVISIBLE} (U+2067)`],
  ['a bidi mark', 'a\u200fb', `${INVISIBLE} (U+200F)`],
  ['an Arabic letter mark', 'a\u061cb', `${INVISIBLE} (U+061C)`],
  ['a zero-width space', 'a\u200bb', `${INVISIBLE} (U+200B)`],
  ['an invisible letter', 'a\u3164b', `${INVISIBLE} (U+3164)`],
  ['a tag of a plane above', 'a\u{e0041}b', `${INVISIBLE} (U+E0041)`],
  ['a private character', 'a\ue000b', `${INVISIBLE} (U+E000)`],
  ['half a character', 'a\ud83d', `${INVISIBLE} (U+D83D)`],
  ['what stands for bytes that are not UTF-8', 'K\ufffdln', 'it is not UTF-8'],
  ['a mark without a letter', '\u0308x', 'it has too many combining marks in one place'],
  ['a pile of marks', `x${'\u0323'.repeat(5)}`, 'it has too many combining marks in one place'],
];
for (const [what, text, fault] of BAD) {
  test(`a name with ${what} is refused in one line`, () => {
    assert.throws(
      () => parseRouterName(text),
      (error: Error) => {
        assert.equal(error.name, 'InputError');
        assert.match(error.message, /^Cannot use "[ -~]*"…? as a name: [ -~]+$/);
        return error.message.endsWith(` as a name: ${fault}`);
      },
    );
  });
}

test('any text is refused or becomes one line that a terminal can show', () => {
  fc.assert(
    fc.property(texts, (text) => {
      const name = parseOrRefuse(() => parseRouterName(text));
      if (name === undefined) return;
      assert.doesNotMatch(name, /[\p{C}\p{Zl}\p{Zp}]|^\s|\s$|\s\s/u);
      assert.ok([...name].length <= 64);
      assert.equal(parseRouterName(name), name);
    }),
  );
});
