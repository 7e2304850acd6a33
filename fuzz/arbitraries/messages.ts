import fc from 'fast-check';
import { anyBytes, type Bytes, mutated, toBytes } from './bytes.ts';
import { badFields, type Fields, goodFields, numbersFields, writeObject } from './fields.ts';
import { escapes, type Vocabulary } from './words.ts';

const MESSAGE_BYTES = 512;

/** Other spellings of the same object. */
const REWRITINGS: readonly ((fields: Fields) => Bytes)[] = [
  (fields) => JSON.stringify(Object.fromEntries(fields), null, 1).replaceAll('\n', '\r'),
  (fields) => ` \t${writeObject(fields)}\r`,
  (fields) => writeObject(fields).padEnd(MESSAGE_BYTES),
  (fields) => writeObject([['id', 'no number'], ...fields]),
  (fields) => writeObject(fields).replace(/[a-z]/g, (letter) => `\\u00${letter.charCodeAt(0).toString(16)}`),
  (fields) => writeObject(fields).replace(/"id":(\d{1,4})\b/, '"id":$1.0e0'),
  (fields) => writeObject(fields).replaceAll('/', '\\/'),
];

/** Lines that mean something to another program. */
const SENTENCES = [
  '',
  'null',
  '{}',
  '[]',
  '1',
  '"id"',
  '{"type":"ready","answers":["exchange"]}',
  '{"type":"batch","domain":"ffww01","exchanges":1}',
  '{"type":"exchange","id":1,"code":"OK"}',
  '['.repeat(MESSAGE_BYTES),
  '{"id":1e400}',
  '\xef\xbb\xbf{}',
];

/** Lines that are requests, in more spellings than the listener uses; without their LF. */
export function requestLines(vocabulary: Vocabulary): fc.Arbitrary<Bytes> {
  const fields = goodFields(vocabulary);
  const rewritten = fc.tuple(fields, fc.constantFrom(...REWRITINGS)).map(([good, rewrite]) => rewrite(good));
  return fc.oneof({ weight: 3, arbitrary: fields.map(writeObject) }, { weight: 1, arbitrary: rewritten });
}

/** Lines that are requests for numbers, or nearly. */
export function numbersLines(vocabulary: Vocabulary): fc.Arbitrary<Bytes> {
  return numbersFields(vocabulary).map(writeObject);
}

/** Lines that are not a request, most of them by a small margin. */
export function badLines(vocabulary: Vocabulary, corpus: readonly Bytes[]): fc.Arbitrary<Bytes> {
  const good = requestLines(vocabulary);
  const sizes = fc.integer({ min: MESSAGE_BYTES - 3, max: MESSAGE_BYTES + 4 });
  return fc.oneof(
    { weight: 4, arbitrary: badFields(vocabulary).map(writeObject) },
    { weight: 2, arbitrary: mutated(fc.oneof(good, fc.constantFrom(...corpus)), fc.oneof(escapes, anyBytes)) },
    { weight: 1, arbitrary: fc.oneof(fc.json().map(toBytes), anyBytes, fc.constantFrom(...SENTENCES)) },
    { weight: 1, arbitrary: numbersLines(vocabulary) },
    { weight: 1, arbitrary: fc.tuple(good, sizes).map(([line, size]) => line.padEnd(size)) },
  );
}
