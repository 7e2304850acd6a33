import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parseTimers } from '../../../src/core/host/timers.ts';
import { damaged, parseOrRefuse, texts } from '../arbitraries.ts';

const timer = (unit: string, next: number | null) => ({ next, left: next, last: 0, passed: 0, unit, activates: 'x' });

test('timers have the time when they fire next; those that wait for nothing are left out', () => {
  const text = JSON.stringify([timer('a.timer', 1_700_000_000_500_000), timer('b.timer', 0), timer('c.timer', null)]);
  assert.deepEqual([...parseTimers(text)], [['a.timer', 1_700_000_000.5]]);
  assert.deepEqual([...parseTimers('[]')], []);
});

test('any other text is refused, and nothing else is thrown', () => {
  const outputs = fc.constant(JSON.stringify([timer('a.timer', 1)]));
  fc.assert(
    fc.property(fc.oneof(texts, fc.json(), damaged(outputs)), (text) => {
      parseOrRefuse(() => parseTimers(text));
    }),
  );
});
