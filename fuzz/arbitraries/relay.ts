import fc from 'fast-check';
import { anyBytes, type Bytes, cut, mutated } from './bytes.ts';

/** The form of WireGuard's messages: a type and how long it can be. */
const FORMS = fc.oneof(
  fc.constantFrom([1, 148], [2, 92], [3, 64], [4, 32], [4, 33], [4, 1452]),
  fc.integer({ min: 32, max: 300 }).map((length) => [4, length]),
  fc.tuple(fc.nat(6), fc.integer({ min: 0, max: 160 })),
);

const messages: fc.Arbitrary<Bytes> = fc.tuple(FORMS, fc.nat(255)).map(([[type = 0, length = 0], filling]) => {
  return `${String.fromCharCode(type)}\0\0\0${String.fromCharCode(filling).repeat(length)}`.slice(0, length);
});

/** Messages of WireGuard, nearly such, and anything else. */
export const datagrams: fc.Arbitrary<Bytes> = fc.oneof(
  { weight: 6, arbitrary: messages },
  { weight: 1, arbitrary: mutated(messages) },
  { weight: 1, arbitrary: anyBytes },
);

function frame(datagram: Bytes): Bytes {
  return String.fromCharCode(datagram.length >> 8, datagram.length & 255) + datagram;
}

/** What the other end of a connection sends, in any chunks: frames, damaged ones, and what never was a frame. */
export const frameStreams: fc.Arbitrary<Bytes[]> = cut(
  fc
    .array(
      fc.oneof(
        { weight: 12, arbitrary: messages.map(frame) },
        { weight: 2, arbitrary: mutated(datagrams.map(frame)) },
        { weight: 1, arbitrary: anyBytes },
      ),
      { maxLength: 6 },
    )
    .map((frames) => frames.join('')),
);
