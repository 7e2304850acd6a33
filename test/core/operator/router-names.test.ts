import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { buildNameLine, hasPart, isNameOf, parseRouterNames } from '../../../src/core/operator/router-names.ts';
import { parseRouterName } from '../../../src/core/values/router-name.ts';
import { KEYS, texts } from '../arbitraries.ts';

const PATH = '/etc/wgkex/router_names';
const [KEY, OTHER, THIRD] = KEYS;

test('a file of names has a key and its name on each line, and comments', () => {
  const text = `\ufeff# names\r\n\n${KEY} Church tower, Koblenz\r\n  # ${OTHER} not yet\n\t${OTHER}\t Haus #3 \n${THIRD} x`;
  const { names, complaints } = parseRouterNames(text, PATH);
  assert.deepEqual(
    [...names],
    [
      [KEY, 'Church tower, Koblenz'],
      [OTHER, 'Haus #3'],
      [THIRD, 'x'],
    ],
  );
  assert.deepEqual(complaints, []);
});

test('a bad line costs only that line, and the first name of a key counts', () => {
  const text = `rubbish\n${KEY}\n${KEY} \x1b[2J\n${KEY} one\n${KEY} two\n${OTHER} other\n`;
  const { names, complaints } = parseRouterNames(text, PATH);
  assert.deepEqual(
    [...names],
    [
      [KEY, 'one'],
      [OTHER, 'other'],
    ],
  );
  assert.deepEqual(complaints, [
    `${PATH}: line 1: expected a public key, found "rubbish"`,
    `${PATH}: line 2: Cannot use "" as a name: expected 1 to 64 characters`,
    `${PATH}: line 3: Cannot use "\\u001b[2J" as a name: it has a control or invisible character (U+001B)`,
    `${PATH}: line 5: ${KEY} has a name already`,
  ]);
});

test('a line that was built can be read, and belongs to its key', () => {
  const line = buildNameLine(KEY, parseRouterName('Church tower'));
  assert.equal(parseRouterNames(line, PATH).names.get(KEY), 'Church tower');
  assert.ok(
    isNameOf(KEY, `  ${line}\r\n`) && isNameOf(KEY, KEY) && !isNameOf(OTHER, line) && !isNameOf(KEY, `# ${line}`),
  );
});

test('any text can be read, and each complaint is one printable line', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(texts, fc.constantFrom(KEY, OTHER, ' ', '\n', 'name')), { maxLength: 9 }),
      (parts) => {
        const { names, complaints } = parseRouterNames(parts.join(''), PATH);
        for (const complaint of complaints) assert.match(complaint, /^[ -~…]+$/);
        for (const name of names.values()) assert.equal(parseRouterName(name), name);
      },
    ),
  );
});

for (const [name, part, isThere] of [
  ['Church tower, Köln', 'TOWER', true],
  ['Church tower, Köln', 'ko\u0308LN', true],
  ['Church tower, Köln', 'koln', false],
  ['Школа', 'школ', true],
  [undefined, '', false],
] as const) {
  test(`${name} ${isThere ? 'has' : 'does not have'} the part ${part}`, () => {
    assert.equal(hasPart(name === undefined ? undefined : parseRouterName(name), part), isThere);
  });
}
