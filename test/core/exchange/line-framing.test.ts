import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type Framing, LineFraming } from '../../../src/core/exchange/line-framing.ts';
import { chunked, KEYS } from '../arbitraries.ts';

/** A shorter line than on the wire, so that random bytes meet its bounds. */
const MAX_BYTES = 6;

const bytes = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...Buffer.from('\n\r \tab')) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 255 }) },
);

test('any bytes in any chunks are framed as the contract says', () => {
  fc.assert(
    fc.property(chunked(bytes, 12), (chunks) => {
      const framing = new LineFraming(MAX_BYTES);
      for (const chunk of chunks) framing.push(chunk);
      const text = Buffer.concat(chunks).toString('latin1');
      assert.deepEqual(framing.progress(), readAsContractSays(text, false));
      assert.deepEqual(framing.end(), readAsContractSays(text, true));
    }),
    { numRuns: 1000 },
  );
});

test('after each chunk, the state is the same as if all bytes had come at once', () => {
  fc.assert(
    fc.property(chunked(bytes, 4), (chunks) => {
      const framing = new LineFraming(MAX_BYTES);
      for (const [index, chunk] of chunks.entries()) {
        const soFar = new LineFraming(MAX_BYTES).push(Buffer.concat(chunks.slice(0, index + 1)));
        assert.deepEqual(framing.push(chunk), soFar);
      }
    }),
  );
});

const KEY = KEYS[0];
const LONGEST = 'a'.repeat(64);
const CASES: readonly (readonly [name: string, sent: string, expected: Framing])[] = [
  ['two lines', `ffww01\n${KEY}\n`, complete('ffww01', KEY)],
  ['two lines ended by CRLF', `ffww01\r\n${KEY}\r\n`, complete('ffww01', KEY)],
  ['a second line ended by the end of the stream', `ffww01\n${KEY}`, complete('ffww01', KEY)],
  ['blanks around the text', ` \tffww01 \n\t ${KEY}\t\r\n`, complete('ffww01', KEY)],
  ['a blank within the text', 'ff ww\n01\n', complete('ff ww', '01')],
  ['lines of 64 bytes', `${LONGEST}\n${LONGEST}\n`, complete(LONGEST, LONGEST)],
  ['lines of 64 bytes ended by CRLF', `${LONGEST}\r\n${LONGEST}\r\n`, complete(LONGEST, LONGEST)],
  ['64 bytes ended by the end of the stream', `a\n${LONGEST}`, complete('a', LONGEST)],
  ['a first line of 65 bytes', `${LONGEST}a\nb\n`, { state: 'too-long' }],
  ['a second line of 65 bytes', `b\n${LONGEST}a`, { state: 'too-long' }],
  ['a line of 65 bytes, one of them a blank', ` ${LONGEST}\nb\n`, { state: 'too-long' }],
  ['64 bytes and a CR that does not end a line', `b\n${LONGEST}\rc\n`, { state: 'too-long' }],
  ['more bytes after the second line', `a\nb\n${LONGEST}${LONGEST}\n`, complete('a', 'b')],
  ['a CR within a line', 'a\rb\nc\n', complete('a\rb', 'c')],
  ['two CR before the LF', 'a\r\r\nc\n', complete('a\r', 'c')],
  ['two empty lines', '\n\r\n', complete('', '')],
  ['a byte outside ASCII', 'a\xe9\nb\n', complete('a\xe9', 'b')],
  ['nothing', '', { state: 'open', lines: [] }],
  ['a first line without an end', 'ffww01', { state: 'open', lines: [] }],
  ['a first line only', 'ffww01\n', { state: 'open', lines: ['ffww01'] }],
];
for (const [name, sent, expected] of CASES) {
  test(`${name}: framed as expected, at once and byte by byte`, () => {
    const atOnce = new LineFraming(64);
    atOnce.push(Buffer.from(sent, 'latin1'));
    assert.deepEqual(atOnce.end(), expected);
    const byteByByte = new LineFraming(64);
    for (const byte of Buffer.from(sent, 'latin1')) byteByByte.push(Buffer.of(byte));
    assert.deepEqual(byteByByte.end(), expected);
  });
}

function complete(first: string, second: string): Framing {
  return { state: 'complete', lines: [first, second] };
}

/** The rules of "Wire protocol", applied to all bytes at once. */
function readAsContractSays(text: string, hasEnded: boolean, lines: readonly string[] = []): Framing {
  const [first, second] = lines;
  if (first !== undefined && second !== undefined) return complete(first, second);
  const endedByStream = hasEnded && first !== undefined ? text.match(/^([^\n]+)$/) : null;
  const [, line, rest = ''] = text.match(/^([^\n]*?)\r?\n(.*)$/s) ?? endedByStream ?? [];
  const mayStillEnd = line === undefined && text.replace(/\r$/, '').length <= MAX_BYTES;
  if (mayStillEnd) return { state: 'open', lines: first === undefined ? [] : [first] };
  if (line === undefined || line.length > MAX_BYTES) return { state: 'too-long' };
  return readAsContractSays(rest, hasEnded, [...lines, line.replace(/^[ \t]+/, '').replace(/[ \t]+$/, '')]);
}
