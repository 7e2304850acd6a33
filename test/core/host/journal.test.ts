import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parseJournal } from '../../../src/core/host/journal.ts';
import { damaged, parseOrRefuse, texts } from '../arbitraries.ts';

const line = (MESSAGE: unknown) =>
  `${JSON.stringify({ MESSAGE, __REALTIME_TIMESTAMP: '1700000000500000', __CURSOR: 's=1', _BOOT_ID: 'b' })}\n`;

const MESSAGES = [
  ['a text', 'admitted ffww01 key=as5KFNw2aRyB… new', 'admitted ffww01 key=as5KFNw2aRyB… new'],
  ['bytes that are not printable', [...Buffer.from('a\x1b[31m…')], 'a\x1b[31m…'],
  ['null because it was too long', null, ''],
] as const;
for (const [name, message, expected] of MESSAGES) {
  test(`a message that is ${name} is read`, () => {
    assert.deepEqual(parseJournal(line(message)), [{ time: 1_700_000_000.5, message: expected }]);
  });
}

test('entries keep their order, and an empty journal has none', () => {
  const messages = parseJournal(line('b') + line('a')).map(({ message }) => message);
  assert.deepEqual(messages, ['b', 'a']);
  assert.deepEqual(parseJournal(''), []);
});

test('any other text is refused, and nothing else is thrown', () => {
  fc.assert(
    fc.property(fc.oneof(texts, fc.json(), damaged(fc.constant(line('a') + line([1])))), (text) => {
      parseOrRefuse(() => parseJournal(text));
    }),
  );
});
