import assert from 'node:assert/strict';
import test from 'node:test';
import { readClock } from '../../src/system/reading.ts';

test('the clock tells seconds since 1970', () => {
  assert.ok(Math.abs(readClock() - Date.now() / 1000) < 5);
});
