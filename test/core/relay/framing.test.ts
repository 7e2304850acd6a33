import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { buildFrames, FrameReader, LENGTH_BYTES } from '../../../src/core/relay/framing.ts';

/** What Mullvad's udp-over-tcp sends for a datagram: the beginning in hex, and the number of bytes. */
const VECTORS: readonly [what: string, type: number, length: number, begins: string][] = [
  ['a keepalive', 4, 32, '002004000000'],
  ['a cookie', 3, 64, '004003000000'],
  ['a response', 2, 92, '005c02000000'],
  ['an initiation', 1, 148, '009401000000'],
  ['a packet of 1420 bytes', 4, 1452, '05ac04000000'],
  ['the longest packet', 4, 65_535, 'ffff04000000'],
];

describe('the frame', () => {
  for (const [what, type, length, begins] of VECTORS)
    test(`of ${what} is its length in 16 bits, big-endian, and the datagram`, () => {
      const message = buildMessage(type, length);
      const frame = buildFrames([message], LENGTH_BYTES + length);
      assert.equal(frame.toString('hex', 0, 6), begins);
      assert.equal(frame.length, LENGTH_BYTES + length);
      assert.deepEqual(read([frame]), { messages: [message], isGood: true });
    });
});

const messages = fc
  .oneof(
    fc.constantFrom([1, 148], [2, 92], [3, 64], [4, 32], [4, 65_535]),
    fc.integer({ min: 32, max: 3000 }).map((length) => [4, length]),
  )
  .map(([type = 4, length = 32]) => buildMessage(type, length));

test('messages in any chunks arrive whole and in order', () => {
  fc.assert(
    fc.property(fc.array(messages, { maxLength: 8 }), fc.array(fc.nat()), (sent, places) => {
      assert.deepEqual(read(cut(join(sent), places)), { messages: sent, isGood: true });
    }),
  );
});

test('messages arrive whole and in order byte by byte', () => {
  const sent = [buildMessage(4, 33), buildMessage(1, 148), buildMessage(4, 5000)];
  const bytes = join(sent);
  assert.deepEqual(read(Array.from(bytes, (byte) => Buffer.of(byte))), { messages: sent, isGood: true });
});

test('what follows a message that is not WireGuard’s is never read', () => {
  fc.assert(
    fc.property(messages, fc.nat({ max: 31 }), fc.array(fc.nat()), (good, length, places) => {
      const bytes = Buffer.concat([join([good]), join([Buffer.alloc(length)]), join([good])]);
      assert.deepEqual(read(cut(bytes, places)), { messages: [good], isGood: false });
    }),
  );
});

describe('the stream is refused as soon as', () => {
  const CASES: readonly [string, string][] = [
    ['a length is 0', '0000'],
    ['a length is too short for any message', '001f'],
    ['the type is unknown', '009405000000'],
    ['the length does not belong to the type', '009501000000'],
    ['a reserved byte is not zero', '002004000001'],
    ['it is HTTP', Buffer.from('GET / ').toString('hex')],
    ['it is TLS', '160301020001'],
    ['it is SSH', Buffer.from('SSH-2.').toString('hex')],
  ];
  for (const [what, hex] of CASES)
    test(what, () => {
      const bytes = Buffer.from(hex, 'hex');
      assert.equal(read([bytes]).isGood, false);
      assert.equal(read(Array.from(bytes, (byte) => Buffer.of(byte))).isGood, false);
      assert.equal(read([bytes.subarray(0, -1)]).isGood, true);
    });
});

test('a message of one chunk is not copied, and one of several does not keep their memory', () => {
  const message = buildMessage(4, 1000);
  const frame = join([message]);
  const taken: Buffer[] = [];
  const reader = new FrameReader();
  reader.push(frame, (found) => taken.push(found));
  reader.push(frame.subarray(0, 500), (found) => taken.push(found));
  reader.push(frame.subarray(500), (found) => taken.push(found));
  const [whole, joined] = taken;
  assert.equal(whole?.buffer, frame.buffer);
  assert.notEqual(joined?.buffer, frame.buffer);
  frame.fill(0);
  assert.deepEqual(joined, message);
});

function buildMessage(type: number, length: number): Buffer {
  const message = Buffer.alloc(length, length);
  message.set([type, 0, 0, 0]);
  return message;
}

function join(sent: readonly Buffer[]): Buffer {
  return buildFrames(
    sent,
    sent.reduce((bytes, { length }) => bytes + LENGTH_BYTES + length, 0),
  );
}

function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = places.map((place) => place % (bytes.length + 1)).sort((one, other) => one - other);
  return [...sorted, bytes.length].map((end, index) => bytes.subarray(sorted[index - 1] ?? 0, end));
}

function read(chunks: readonly Buffer[]): { messages: Buffer[]; isGood: boolean } {
  const found: Buffer[] = [];
  const reader = new FrameReader();
  const isGood = chunks.every((chunk) => reader.push(chunk, (message) => found.push(message)));
  return { messages: found, isGood };
}
