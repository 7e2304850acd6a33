import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { MessageLines } from '../../../src/core/privsep/message-lines.ts';
import { InputError } from '../../../src/core/values/errors.ts';
import { chunked } from '../arbitraries.ts';

const MAX_BYTES = 5;
const bytes = fc.oneof(fc.constantFrom(...Buffer.from('\nab')), fc.integer({ min: 0, max: 255 }));

test('the lines are the same for any chunks, until one is too long', () => {
  fc.assert(
    fc.property(chunked(bytes, 8), (chunks) => {
      const expected = Buffer.concat(chunks).toString('latin1').split('\n');
      const messages = new MessageLines(MAX_BYTES);
      const pushAll = () => chunks.flatMap((chunk) => messages.push(chunk));
      if (expected.some((line) => line.length > MAX_BYTES)) {
        assert.throws(pushAll, InputError);
        return;
      }
      const rest = expected.pop();
      assert.deepEqual(
        pushAll(),
        expected.map((line) => Buffer.from(line, 'latin1').toString('utf8')),
      );
      assert.equal(messages.isMidLine, rest !== '');
    }),
    { numRuns: 500 },
  );
});

test('a line may have exactly as many bytes as allowed', () => {
  assert.deepEqual(new MessageLines(3).push(Buffer.from('abc\n')), ['abc']);
  assert.throws(() => new MessageLines(3).push(Buffer.from('abcd\n')), {
    message: 'Cannot read a line: more than 3 bytes',
  });
});

test('a line is too long as soon as it has too many bytes, not when it ends', () => {
  const messages = new MessageLines(3);
  assert.deepEqual(messages.push(Buffer.from('ab')), []);
  assert.throws(() => messages.push(Buffer.from('cd')), InputError);
});

test('a character that is split between chunks is whole in its line', () => {
  const messages = new MessageLines(9);
  const [first, second] = [Buffer.from('é\n').subarray(0, 1), Buffer.from('é\n').subarray(1)];
  assert.deepEqual([...messages.push(first), ...messages.push(second)], ['é']);
});
