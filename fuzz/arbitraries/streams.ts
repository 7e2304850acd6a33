import fc from 'fast-check';
import { type Bytes, cut } from './bytes.ts';
import { badLines, numbersLines, requestLines } from './messages.ts';
import type { Vocabulary } from './words.ts';

/** The standard input of a handler. */
export interface Stream {
  readonly chunks: readonly Bytes[];
  /** Each chunk waits for the replies to the one before, so that the handler certainly reads it as one chunk. */
  readonly inStep: boolean;
}

/** A piece written to a pipe or socket at once (pipe(7), PIPE_BUF) is read at once, if nothing else is there. */
const CHUNK_BYTES = 4096;

/** A few messages in any chunks, good and bad ones alike. */
export function shortStreams(vocabulary: Vocabulary, corpus: readonly Bytes[]): fc.Arbitrary<Bytes[]> {
  const lines = fc.oneof(
    { weight: 5, arbitrary: requestLines(vocabulary) },
    { weight: 1, arbitrary: numbersLines(vocabulary) },
    { weight: 1, arbitrary: badLines(vocabulary, corpus) },
  );
  const ends = fc.constantFrom('\n', '\n', '\n', '\n', '', '\n\n');
  return cut(fc.tuple(fc.array(lines, { maxLength: 6 }), ends).map(([all, end]) => all.join('\n') + end));
}

/** Many requests, usually followed by something that a handler must not accept. */
export function longStreams(vocabulary: Vocabulary, corpus: readonly Bytes[]): fc.Arbitrary<Stream> {
  const requests = (maxLength: number) => fc.array(requestLines(vocabulary), { maxLength, size: 'max' });
  const nothing: fc.Arbitrary<Bytes[]> = fc.constant([]);
  const bad: fc.Arbitrary<Bytes[]> = fc.tuple(badLines(vocabulary, corpus), requestLines(vocabulary));
  const last = fc.oneof({ weight: 1, arbitrary: nothing }, { weight: 3, arbitrary: bad });
  const write = (parts: readonly [Bytes[], Bytes[], boolean]) => {
    const [lines, more, hasEnd] = parts;
    return [...lines, ...more].join('\n') + (hasEnd ? '\n' : '');
  };
  const inStep = fc.tuple(requests(300), last, fc.boolean()).map(write);
  const atOnce = fc.tuple(requests(6000), last, fc.boolean()).map(write);
  return fc.oneof(
    cut(inStep).map((chunks) => ({ chunks: chunks.flatMap(bound), inStep: true })),
    atOnce.map((bytes) => ({ chunks: [bytes], inStep: false })),
  );
}

function bound(chunk: Bytes): Bytes[] {
  return chunk.match(new RegExp(`[^]{1,${CHUNK_BYTES}}`, 'g')) ?? [];
}
