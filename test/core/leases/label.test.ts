import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseLabel } from '../../../src/core/leases/label.ts';
import { findUnshowable } from '../../../src/core/values/quote.ts';
import { parseOrRefuse, texts } from '../arbitraries.ts';

describe('a note of a lease', () => {
  for (const text of ['für Köln', '0', '🏫'.repeat(200), `"quotes", 'apostrophes' & \\`])
    test(`may be ${text.slice(0, 30)}`, () => assert.equal(parseLabel(text, 'a note'), text));

  for (const [name, text, fault] of [
    ['be empty', '', 'expected 1 to 200 characters'],
    ['be blank', ' ', 'expected 1 to 200 characters'],
    ['have a line end', 'a\nb', 'it has a control or invisible character (U+000A)'],
    ['have half a character', 'a\ud83d', 'it has a control or invisible character (U+D83D)'],
    ['have 201 characters', 'x'.repeat(201), 'it has 201 characters, expected at most 200'],
  ] as const)
    test(`may not ${name}`, () =>
      assert.throws(
        () => parseLabel(text, 'a note'),
        (error: Error) => error.name === 'InputError' && error.message.endsWith(` as a note: ${fault}`),
      ));

  test('is safe to print and at most 200 characters long, or is refused with a printable line', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const label = parseOrRefuse(() => parseLabel(text, 'an order'));
        if (label === undefined) return;
        assert.deepEqual([label, findUnshowable(label)], [text, undefined]);
        assert.ok([...label].length <= 200);
      }),
    );
  });
});
