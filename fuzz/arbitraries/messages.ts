import fc from 'fast-check';
import { ipAddresses, toIpv6 } from '../../test/core/arbitraries.ts';
import { anyBytes, type Bytes, mutated, toBytes } from './bytes.ts';
import { badDomainsOf, badKeys, escapes, keysOf, type Vocabulary } from './words.ts';

type Fields = readonly (readonly [name: string, value: unknown])[];

const MESSAGE_BYTES = 512;

const ids = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 9999 }) },
  { weight: 1, arbitrary: fc.constantFrom(1, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER) },
);

/** The fields of a good request, in any order. */
function fieldsOf(vocabulary: Vocabulary): fc.Arbitrary<Fields> {
  const domains = fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(...vocabulary.domains) },
    { weight: 1, arbitrary: fc.constantFrom('elsewhere', 'constructor', '0', 'x'.repeat(32)) },
  );
  return fc
    .tuple(ids, domains, keysOf(vocabulary), ipAddresses)
    .map(([id, domain, key, from]) => Object.entries({ id, domain, key, from }))
    .chain((fields) => fc.shuffledSubarray(fields, { minLength: fields.length }));
}

/** Lines that are requests, in more spellings than the listener uses; without their LF. */
export function requestLines(vocabulary: Vocabulary): fc.Arbitrary<Bytes> {
  const rewritten = fc
    .tuple(fieldsOf(vocabulary), fc.constantFrom(...REWRITINGS))
    .map(([fields, rewrite]) => rewrite(fields));
  return fc.oneof({ weight: 3, arbitrary: fieldsOf(vocabulary).map(writeObject) }, { weight: 1, arbitrary: rewritten });
}

/** Lines that miss a request, most of them narrowly. */
export function badLines(vocabulary: Vocabulary, corpus: readonly Bytes[]): fc.Arbitrary<Bytes> {
  const wrong = fc.tuple(fieldsOf(vocabulary), wrongFields(vocabulary)).map(([fields, [wrongName, value]]) => {
    return writeObject(fields.map((field) => (field[0] === wrongName ? [wrongName, value] : field)));
  });
  const lacking = fc
    .tuple(fieldsOf(vocabulary), fc.nat(3))
    .map(([fields, at]) => writeObject(fields.filter((_, index) => index !== at)));
  const surplus = fc
    .tuple(
      fieldsOf(vocabulary),
      fc.constantFrom('__proto__', 'constructor', 'toString', 'more', '', 'Id', 'id '),
      fc.json(),
    )
    .map(([fields, name, value]) => writeObject([...fields, [name, JSON.parse(value)]]));
  const damagedText = fc.oneof(requestLines(vocabulary), fc.constantFrom(...corpus));
  return fc.oneof(
    { weight: 4, arbitrary: wrong },
    { weight: 2, arbitrary: lacking },
    { weight: 2, arbitrary: surplus },
    { weight: 4, arbitrary: mutated(damagedText, fc.oneof(escapes, anyBytes)) },
    { weight: 2, arbitrary: fc.oneof(fc.json().map(toBytes), anyBytes, fc.constantFrom(...SENTENCES)) },
    {
      weight: 2,
      arbitrary: requestLines(vocabulary).chain((line) =>
        fc.integer({ min: 509, max: 516 }).map((size) => line.padEnd(size)),
      ),
    },
  );
}

/** Values that do not fit, or only happen to. */
function wrongFields(vocabulary: Vocabulary): fc.Arbitrary<Fields[number]> {
  const things = fc.constantFrom(null, true, [], {}, '', 0, '7', 'ffww01', ['ffww01'], { length: 1 });
  const numbers = fc.constantFrom(0, -1, 1.5, 2 ** 53, 2 ** 64, 1e300, '1', [1]);
  const sparse = fc.array(fc.constantFrom(0, 0, 1, 0xffff), { minLength: 8, maxLength: 8 }).map(toIpv6);
  return fc.oneof(
    fc.tuple(fc.constantFrom('id', 'domain', 'key', 'from'), fc.oneof(things, anyBytes)),
    fc.tuple(fc.constant('id'), numbers),
    fc.tuple(fc.constant('domain'), badDomainsOf(vocabulary)),
    fc.tuple(fc.constant('key'), badKeys),
    fc.tuple(fc.constant('from'), fc.oneof(fc.constantFrom(...BAD_ADDRESSES), sparse, mutated(ipAddresses))),
  );
}

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

/** Spellings of the same object. */
const REWRITINGS: readonly ((fields: Fields) => Bytes)[] = [
  (fields) => JSON.stringify(Object.fromEntries(fields), null, 1).replaceAll('\n', '\r'),
  (fields) => ` \t${writeObject(fields)}\r`,
  (fields) => writeObject(fields).padEnd(MESSAGE_BYTES),
  (fields) => writeObject([['id', 'no number'], ...fields]),
  (fields) => writeObject(fields).replace(/[a-z]/g, (letter) => `\\u00${letter.charCodeAt(0).toString(16)}`),
  (fields) => writeObject(fields).replace(/"id":(\d{1,4})\b/, '"id":$1.0e0'),
  (fields) => writeObject(fields).replaceAll('/', '\\/'),
];

const SENTENCES = [
  '',
  'null',
  '{}',
  '[]',
  '1',
  '"id"',
  '{"ready":true}',
  '{"id":1,"reply":"OK"}',
  '['.repeat(MESSAGE_BYTES),
  '{"id":1e400}',
  '\xef\xbb\xbf{}',
  '{"__proto__":{"id":1,"domain":"ffww01","key":"o52Ge+Rpj4CUSitVag9mS7pSXUesNM0ESnvj/wwehkg=","from":"::1"}}',
];

/** Unlike JSON.stringify, says a name twice where it comes twice. */
function writeObject(fields: Fields): Bytes {
  return toBytes(`{${fields.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`);
}
