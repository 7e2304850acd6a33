import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import * as z from 'zod';
import { parseJsonOf } from '../../../src/core/values/json.ts';
import { parseOrRefuse, texts } from '../arbitraries.ts';

const schema = z.strictObject({ count: z.number(), inner: z.strictObject({ name: z.string() }) });

test('JSON of the expected shape is parsed', () => {
  const value = { count: 1, inner: { name: 'x' } };
  assert.deepEqual(parseJsonOf(schema, JSON.stringify(value), 'thing'), value);
});

test('any text is refused or parses, and nothing else is thrown', () => {
  fc.assert(
    fc.property(fc.oneof(texts, fc.json()), (text) => {
      parseOrRefuse(() => parseJsonOf(schema, text, 'thing'));
    }),
  );
});

const REFUSED = [
  ['text that is not JSON', '{"count":', 'Cannot read thing: not JSON'],
  ['another kind of value', '5', 'Cannot read thing: unexpected shape'],
  ['a wrong type', '{"count":"1","inner":{"name":"x"}}', 'Cannot read thing: unexpected count'],
  ['a wrong type further in', '{"count":1,"inner":{"name":1}}', 'Cannot read thing: unexpected inner.name'],
  ['two wrong types', '{"count":"","inner":{"name":1}}', 'Cannot read thing: unexpected count, inner.name'],
] as const;
for (const [name, text, message] of REFUSED) {
  test(`${name} is refused with its place`, () => {
    assert.throws(() => parseJsonOf(schema, text, 'thing'), { name: 'InputError', message });
  });
}

test('the text itself stays out of the error', () => {
  assert.throws(
    () => parseJsonOf(schema, '{"count":1,"inner":{"name":"x"},"SECRET":"SECRET"}', 'thing'),
    (error) => error instanceof Error && !error.message.includes('SECRET'),
  );
});
