import fc from 'fast-check';
import { ipAddresses, toIpv6 } from '../../test/core/arbitraries.ts';
import { anyBytes, type Bytes, mutated, toBytes } from './bytes.ts';
import { badDomainsOf, badKeys, keysOf, type Vocabulary } from './words.ts';

/** The names and values of a JSON object, in order. */
export type Fields = readonly Field[];
type Field = readonly [name: string, value: unknown];

const BAD_ADDRESSES = [
  '01.2.3.4',
  '1.2.3',
  '1.2.3.256',
  '::ffff:1.2.3.4',
  '::ffff:102:304',
  '::1.2.3.4',
  'fe80::1%eth0',
  '2001:DB8::1',
  '[::1]',
  '::1/128',
];

const ids = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 9999 }) },
  { weight: 1, arbitrary: fc.constantFrom(1, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER) },
);

const sources = fc.oneof(
  { weight: 9, arbitrary: ipAddresses.map((from) => ({ from })) },
  { weight: 1, arbitrary: fc.constant({}) },
);

/** The fields of a good request, in any order. */
export function goodFields(vocabulary: Vocabulary): fc.Arbitrary<Fields> {
  const domains = fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(...vocabulary.domains) },
    { weight: 1, arbitrary: fc.constantFrom('elsewhere', 'constructor', '0', 'x'.repeat(32)) },
  );
  return fc
    .tuple(ids, domains, keysOf(vocabulary), sources, fc.constantFrom({}, {}, {}, { look: true }))
    .map(([id, domain, key, source, mark]) => Object.entries({ type: 'exchange', id, domain, key, ...source, ...mark }))
    .chain((fields) => fc.shuffledSubarray(fields, { minLength: fields.length }));
}

/** The fields of a request with one that is missing, has another value, or is extra. */
export function badFields(vocabulary: Vocabulary): fc.Arbitrary<Fields> {
  const good = goodFields(vocabulary);
  const needed = fc.constantFrom('type', 'id', 'domain', 'key');
  const lacking = fc.tuple(good, needed).map(([fields, lost]) => fields.filter(([name]) => name !== lost));
  const wrong = fc
    .tuple(good, wrongField(vocabulary))
    .map(([fields, [name, value]]) => fields.map((field): Field => (field[0] === name ? [name, value] : field)));
  const names = fc.constantFrom('__proto__', 'constructor', 'toString', 'more', '', 'Id', 'id ', 'Look', 'numbers');
  const surplus = fc
    .tuple(good, names, fc.json())
    .map(([fields, name, json]): Fields => [...fields, [name, JSON.parse(json)]]);
  return fc.oneof(
    { weight: 2, arbitrary: wrong },
    { weight: 1, arbitrary: lacking },
    { weight: 1, arbitrary: surplus },
  );
}

/** The fields of a request for numbers, or nearly. */
export function numbersFields({ domains }: Vocabulary): fc.Arbitrary<Fields> {
  const good = fc.tuple(ids, fc.constantFrom(...domains, 'elsewhere'));
  const bad = fc.tuple(fc.constantFrom(0, -1, 1.5, 2 ** 53, '1'), badDomainsOf({ domains, keys: [] }));
  const order = (id: unknown, domain: unknown, isReversed: boolean): Fields => {
    const fields = Object.entries({ type: 'numbers', id, domain });
    return isReversed ? fields.reverse() : fields;
  };
  const whole = fc.tuple(fc.oneof({ weight: 4, arbitrary: good }, { weight: 1, arbitrary: bad }), fc.boolean());
  const surplus = fc.constantFrom<Fields>([], [], [], [['key', 'ffww01']], [['numbers', null]], [['type', 'exchange']]);
  return fc
    .tuple(whole, surplus)
    .map(([[[id, domain], isReversed], more]) => [...order(id, domain, isReversed), ...more]);
}

/** Unlike JSON.stringify, writes a name twice if it occurs twice. */
export function writeObject(fields: Fields): Bytes {
  return toBytes(`{${fields.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`);
}

/** A value that does not fit, or fits only by chance. */
function wrongField(vocabulary: Vocabulary): fc.Arbitrary<Field> {
  const things = fc.constantFrom(null, true, [], {}, '', 0, '7', 'ffww01', ['ffww01'], { length: 1 });
  const numbers = fc.constantFrom(0, -1, 1.5, 2 ** 53, 2 ** 64, 1e300, '1', [1]);
  const sparse = fc.array(fc.constantFrom(0, 0, 1, 0xffff), { minLength: 8, maxLength: 8 }).map(toIpv6);
  return fc.oneof(
    fc.tuple(
      fc.constantFrom('type', 'id', 'domain', 'key', 'from', 'hearsay', 'broadcast', 'look'),
      fc.oneof(things, anyBytes),
    ),
    fc.tuple(fc.constant('type'), fc.constantFrom('numbers', 'ready', 'batch', 'Exchange', 'exchange ')),
    fc.tuple(fc.constant('id'), numbers),
    fc.tuple(fc.constant('domain'), badDomainsOf(vocabulary)),
    fc.tuple(fc.constant('key'), badKeys),
    fc.tuple(fc.constant('from'), fc.oneof(fc.constantFrom(...BAD_ADDRESSES), sparse, mutated(ipAddresses))),
  );
}
