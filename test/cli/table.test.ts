import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type Column, renderTable } from '../../src/cli/terminal/table.ts';
import { makePaint } from '../../src/cli/terminal/terminal.ts';

interface Row {
  readonly name: string;
  readonly place: string;
  readonly size: number;
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'NAME', forms: [({ name }) => name, ({ name }) => name.slice(0, 3)], rank: 2 },
  {
    title: 'PLACE',
    forms: [({ place }) => place, ({ place }) => place.slice(0, 4)],
    rank: 1,
    atLeast: 4,
    since: 20,
  },
  { title: 'SIZE', forms: [({ size }) => String(size)], align: 'right' },
];
const ROWS: readonly Row[] = [
  { name: 'alexander', place: 'Hachenburg', size: 5 },
  { name: 'eve', place: 'Selters', size: 12_345 },
];

const WIDTHS: readonly (readonly [number, string, string[]])[] = [
  [
    80,
    'everything in full',
    ['NAME       PLACE        SIZE', 'alexander  Hachenburg      5', 'eve        Selters     12345'],
  ],
  [
    28,
    'everything in full, with nothing to spare',
    ['NAME       PLACE        SIZE', 'alexander  Hachenburg      5', 'eve        Selters     12345'],
  ],
  [
    27,
    'the column of first rank in full',
    ['NAME  PLACE        SIZE', 'ale   Hachenburg      5', 'eve   Selters     12345'],
  ],
  [22, 'every column at its narrowest', ['NAME  PLACE   SIZE', 'ale   Hach       5', 'eve   Selt   12345']],
  [
    19,
    'the column of second rank in full, and no column that needs a wider table',
    ['NAME        SIZE', 'alexander      5', 'eve        12345'],
  ],
  [3, 'the remaining columns at their narrowest, however narrow it is', ['NAME   SIZE', 'ale       5', 'eve   12345']],
  [
    Number.POSITIVE_INFINITY,
    'everything in full for a program',
    ['NAME       PLACE        SIZE', 'alexander  Hachenburg      5', 'eve        Selters     12345'],
  ],
];
for (const [width, what, expected] of WIDTHS) {
  test(`in ${width} columns a table has ${what}`, () => {
    assert.deepEqual(renderTable(ROWS, COLUMNS, { width, paint: makePaint(false) }), expected);
  });
}

test('a cell that may be cut is cut, and marked', () => {
  const [name, place, size] = COLUMNS as [Column<Row>, Column<Row>, Column<Row>];
  const columns = [name, { ...place, forms: place.forms.slice(0, 1) }, size];
  assert.deepEqual(renderTable(ROWS, columns, { width: 20, paint: makePaint(false) }), [
    'NAME  PLACE     SIZE',
    'ale   Hachen…      5',
    'eve   Selters  12345',
  ]);
});

test('a table without rows has only its titles', () => {
  assert.deepEqual(renderTable([], COLUMNS, { width: 80, paint: makePaint(false) }), ['NAME  PLACE  SIZE']);
});

test('no line is wider than the table if its columns can shrink enough', () => {
  const words = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 40 });
  const rows = fc.array(fc.record({ name: words, place: words, size: fc.nat() }), { maxLength: 5 });
  fc.assert(
    fc.property(rows, fc.integer({ min: 25, max: 120 }), (some, width) => {
      for (const line of renderTable(some, COLUMNS, { width, paint: makePaint(false) }))
        assert.ok(line.length <= width);
    }),
  );
});

test('the titles depend on the width alone, never on the rows', () => {
  const words = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 40 });
  const rows = fc.array(fc.record({ name: words, place: words, size: fc.nat() }), { maxLength: 5 });
  const findTitles = (some: readonly Row[], width: number) =>
    renderTable(some, COLUMNS, { width, paint: makePaint(false) })[0]?.split(/ +/);
  fc.assert(
    fc.property(rows, fc.integer({ min: 1, max: 120 }), (some, width) => {
      const expected = width < 20 ? ['NAME', 'SIZE'] : ['NAME', 'PLACE', 'SIZE'];
      assert.deepEqual(findTitles(some, width), expected);
    }),
  );
});
