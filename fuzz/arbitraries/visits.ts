import fc from 'fast-check';
import { isAnsweredAtOnce, type Visit } from '../model/wire.ts';
import { anyBytes, type Bytes, cut, mutated } from './bytes.ts';
import { badDomainsOf, badKeys, escapes, keysOf, type Vocabulary } from './words.ts';

/** Two of these are longer than a line may take, one is shorter. */
const LONG_PAUSE = 0.7;

const blanks: fc.Arbitrary<Bytes> = fc.oneof(
  { weight: 6, arbitrary: fc.constant('') },
  { weight: 1, arbitrary: fc.stringMatching(/^[ \t]{1,3}$/) },
  { weight: 1, arbitrary: fc.nat(24).map((count) => ' '.repeat(count)) },
);
const lineEnds: fc.Arbitrary<Bytes> = fc.oneof(
  { weight: 8, arbitrary: fc.constant('\n') },
  { weight: 4, arbitrary: fc.constant('\r\n') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', '\r', '\r\r\n', '\n\n', '\n\r', '\0\n', '\v\n', '\x85\n', '\xe2\x80\xa8'),
  },
);

/** Lines around the 64 bytes that one may have, and far beyond. */
const longLines: fc.Arbitrary<Bytes> = fc
  .oneof(
    { weight: 9, arbitrary: fc.tuple(fc.constantFrom('x', ' ', '=', '\r'), fc.integer({ min: 60, max: 68 })) },
    { weight: 1, arbitrary: fc.tuple(fc.constantFrom('x', '\0'), fc.integer({ min: 1000, max: 70_000 })) },
  )
  .map(([letter, length]) => letter.repeat(length));

function linesOf(good: fc.Arbitrary<Bytes>, bad: fc.Arbitrary<Bytes>): fc.Arbitrary<Bytes> {
  const text = fc.oneof(
    { weight: 6, arbitrary: good },
    { weight: 2, arbitrary: bad },
    {
      weight: 1,
      arbitrary: fc.oneof(
        longLines,
        anyBytes,
        fc.array(escapes, { maxLength: 20 }).map((all) => all.join('')),
      ),
    },
  );
  return fc.tuple(blanks, text, blanks, lineEnds).map((parts) => parts.join(''));
}

/** The bytes of one connection: two good lines, or nearly. */
function sentBytes(vocabulary: Vocabulary, corpus: readonly Bytes[]): fc.Arbitrary<Bytes> {
  const domainLine = linesOf(fc.constantFrom(...vocabulary.domains), badDomainsOf(vocabulary));
  const keyLine = linesOf(keysOf(vocabulary), badKeys);
  const anyLine = fc.oneof(domainLine, keyLine);
  const rest = fc.oneof(
    { weight: 4, arbitrary: fc.constant('') },
    { weight: 1, arbitrary: fc.oneof(anyLine, longLines) },
  );
  return fc.oneof(
    { weight: 6, arbitrary: fc.tuple(domainLine, keyLine, rest).map((lines) => lines.join('')) },
    { weight: 3, arbitrary: fc.tuple(keyLine, domainLine, rest).map((lines) => lines.join('')) },
    { weight: 2, arbitrary: fc.array(anyLine, { maxLength: 4 }).map((lines) => lines.join('')) },
    {
      weight: 2,
      arbitrary: mutated(fc.constantFrom(...corpus), fc.oneof(escapes, anyBytes, fc.constantFrom(...corpus))),
    },
    { weight: 1, arbitrary: anyBytes },
  );
}

/** Visits that take no time: a client that would have to wait for a reply ends its stream instead. */
export function promptVisits(vocabulary: Vocabulary, corpus: readonly Bytes[]): fc.Arbitrary<Visit> {
  const ends = fc.constantFrom('stay', 'stay', 'stay', 'half-close', 'half-close', 'half-close', 'close', 'reset');
  return fc.tuple(cut(sentBytes(vocabulary, corpus)), ends).map(([send, end]) => {
    const mustWait = end === 'stay' && !isAnsweredAtOnce(send.join(''));
    return { send, end: mustWait ? 'half-close' : end };
  });
}

/** Visits that test time limits: with pauses within and between lines, and with silence. */
export function slowVisits(vocabulary: Vocabulary, corpus: readonly Bytes[]): fc.Arbitrary<Visit> {
  const ends = fc.constantFrom('stay', 'linger', 'half-close', 'reset');
  const pauses = fc.array(fc.nat(), { maxLength: 3 });
  return fc.tuple(cut(sentBytes(vocabulary, corpus)), pauses, ends).map(([chunks, places, end]) => {
    const send: (Bytes | number)[] = [...chunks];
    for (const place of places) send.splice(place % (send.length + 1), 0, LONG_PAUSE);
    return { send, end };
  });
}
