import fc from 'fast-check';
import { texts } from '../../test/core/arbitraries.ts';

/** Text in which a character is a byte: everything that the fuzzers send and that their corpora contain. */
export type Bytes = string;

export function toBytes(text: string): Bytes {
  return Buffer.from(text).toString('latin1');
}

/** Any bytes, valid UTF-8 or not. */
export const anyBytes: fc.Arbitrary<Bytes> = fc.oneof(
  texts.map(toBytes),
  fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
);

/** Leaves out, inserts, changes or repeats a stretch of bytes. */
export function mutated(right: fc.Arbitrary<Bytes>, inserts: fc.Arbitrary<Bytes> = anyBytes): fc.Arbitrary<Bytes> {
  const mutation = fc.tuple(fc.nat(), fc.nat(8), fc.oneof(fc.constant(''), inserts), fc.constantFrom(1, 1, 1, 2, 40));
  return fc.tuple(right, fc.array(mutation, { minLength: 1, maxLength: 3 })).map(([text, mutations]) => {
    return mutations.reduce((bytes, [at, removed, inserted, times]) => {
      const start = at % (bytes.length + 1);
      return bytes.slice(0, start) + inserted.repeat(times) + bytes.slice(start + removed);
    }, text);
  });
}

/** The same bytes in chunks: mostly in few, sometimes in one per byte. */
export function cut(whole: fc.Arbitrary<Bytes>): fc.Arbitrary<Bytes[]> {
  const cuts = fc.oneof(
    { weight: 16, arbitrary: fc.constant([]) },
    { weight: 16, arbitrary: fc.array(fc.nat(), { minLength: 1, maxLength: 4 }) },
    { weight: 1, arbitrary: fc.constant('everywhere' as const) },
  );
  return fc.tuple(whole, cuts).map(([bytes, places]) => {
    if (places === 'everywhere' && bytes.length <= 200) return [...bytes];
    return places === 'everywhere' ? [bytes] : cutAt(bytes, places);
  });
}

function cutAt(bytes: Bytes, places: readonly number[]): Bytes[] {
  const sorted = places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b);
  const chunks = [...sorted, bytes.length].map((end, index) => bytes.slice(sorted[index - 1] ?? 0, end));
  return chunks.filter((chunk) => chunk !== '');
}
