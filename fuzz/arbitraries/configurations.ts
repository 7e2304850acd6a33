import fc from 'fast-check';
import { parse, stringify, type TomlTable, type TomlValue } from 'smol-toml';
import { texts } from '../../test/core/arbitraries.ts';

const ODD_VALUES: readonly TomlValue[] = [-1, 0, 1.5, 2 ** 40, Number.NaN, '', '/', 'x', '[::1]:0', true, [], [''], {}];

/** Well-formed TOML with one setting that has another value, or another name. */
export function configurationsLike(corpus: readonly string[]): fc.Arbitrary<string> {
  // TOML cannot contain halves of surrogate pairs.
  const wellFormed = texts.map((text) => Buffer.from(text).toString());
  const values = fc.oneof(fc.constantFrom(...ODD_VALUES), wellFormed);
  const names = fc.option(fc.oneof(fc.constantFrom('x', '__proto__', 'constructor', 'log', 'domains'), wellFormed));
  return fc.tuple(fc.constantFrom(...corpus), fc.nat(), names, values).map(([text, at, name, value]) => {
    const document = parse(text, { integersAsBigInt: 'asNeeded' });
    const places = findPlaces(document);
    const [table, setting] = places[at % places.length] ?? [document, 'x'];
    if (name !== null) delete table[setting];
    Object.defineProperty(table, name ?? setting, { value, enumerable: true });
    return stringify(document);
  });
}

/** Every setting of a table and of the tables in it. */
function findPlaces(table: TomlTable): (readonly [TomlTable, string])[] {
  return Object.entries(table).flatMap(([name, value]) => {
    const isTable = typeof value === 'object' && !Array.isArray(value) && !(value instanceof Date);
    return [[table, name] as const, ...(isTable ? findPlaces(value) : [])];
  });
}
