import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { cutToCells, measureCells, takeCells } from '../../src/cli/terminal/cells.ts';
import { fold } from '../../src/cli/terminal/words.ts';

/** As glibc's wcwidth(3) and most terminals have them. */
const WIDTHS: readonly (readonly [text: string, cells: number])[] = [
  ['', 0],
  ['Koblenz…', 8],
  ['Köln, Straße', 12],
  ['Ko\u0308ln', 4],
  ['На церкви', 9],
  ['学校', 4],
  ['ひらがなカタカナ', 16],
  ['ｶﾀｶﾅ', 4],
  ['（ＡＢ）', 8],
  ['한국', 4],
  ['⛪ 🏫', 5],
  ['🇩🇪', 2],
  ['𠀀', 2],
  ['מגדל', 4],
  ['€ § ♥', 5],
];
for (const [text, cells] of WIDTHS) {
  test(`${text} takes ${cells} cells`, () => assert.equal(measureCells(text), cells));
}

for (const [text, cells, expected] of [
  ['Koblenz', 7, 'Koblenz'],
  ['Koblenz', 6, 'Koble…'],
  ['学校の屋根', 10, '学校の屋根'],
  ['学校の屋根', 9, '学校の屋…'],
  ['学校の屋根', 8, '学校の…'],
  ['Ko\u0308ln', 3, 'Ko\u0308…'],
] as const) {
  test(`${text} is cut to ${cells} cells`, () => assert.equal(cutToCells(text, cells), expected));
}

test('what is taken or cut always fits, and is a beginning', () => {
  const words = fc.string({ unit: fc.constantFrom('a', 'ö', '\u0308', '学', '🏫', ' '), maxLength: 30 });
  fc.assert(
    fc.property(words, fc.integer({ min: 1, max: 40 }), (text, cells) => {
      const [taken, cut] = [takeCells(text, cells), cutToCells(text, cells)];
      assert.ok(text.startsWith(taken) && measureCells(taken) <= cells && measureCells(cut) <= cells);
      assert.ok(cut === text || text.startsWith(cut.slice(0, -1)));
    }),
  );
});

test('a text is folded by its cells', () => {
  assert.deepEqual(fold('学校 学校 学校', 9, ''), ['学校 学校', '学校']);
  assert.deepEqual(fold('学校 学校 学校', 8, ''), ['学校', '学校', '学校']);
});
