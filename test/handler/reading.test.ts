import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { FirstSeen, readClock } from '../../src/handler/reading.ts';
import { KEYS } from '../core/arbitraries.ts';

/** Two clocks are read one after the other. */
const JITTER_SECONDS = 0.005;

test('a pending key keeps the time when it was first seen, and one that is pending no more loses it', async () => {
  const firstSeen = new FirstSeen();
  const before = readClock();
  firstSeen.update([KEYS[0], KEYS[1]]);
  const seen = firstSeen.find(KEYS[0]);
  assert.ok(seen >= before - JITTER_SECONDS && seen <= readClock() + JITTER_SECONDS);
  await pause(20);
  firstSeen.update([KEYS[0], KEYS[2]]);
  assert.ok(Math.abs(firstSeen.find(KEYS[0]) - seen) < JITTER_SECONDS);
  assert.ok(firstSeen.find(KEYS[2]) > seen);
  assert.ok(firstSeen.find(KEYS[1]) > seen, 'forgotten, it counts as seen just now');
});

test('a key that was never seen counts as seen just now', () => {
  const before = readClock();
  assert.ok(new FirstSeen().find(KEYS[0]) >= before - JITTER_SECONDS);
});

test('the clock tells seconds since 1970', () => {
  assert.ok(Math.abs(readClock() - Date.now() / 1000) < 5);
});
