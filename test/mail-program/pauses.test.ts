import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { InputError } from '../../src/core/values/errors.ts';
import { Pauses } from '../../src/mail/pauses.ts';
import { texts } from '../core/arbitraries.ts';

const NOW = 1_790_000_000;
const HOUR = 3600;
const directory = mkdtempSync(join(tmpdir(), 'wgkex-pauses-'));
after(() => rmSync(directory, { recursive: true }));
let count = 0;
const makePath = () => join(directory, `${count++}.json`);

test('pauses of the server double from 1 minute to 4 hours, last over restarts, and end with a success', () => {
  const path = makePath();
  let now = NOW;
  const lengths = Array.from({ length: 11 }, () => {
    new Pauses(path).delayAll('a', 'down', now);
    const began = now;
    while (new Pauses(path).isPaused(now)) now += 60;
    return now - began;
  });
  assert.deepEqual(lengths, [60, 120, 240, 480, 960, 1920, 3840, 7680, 14_400, 14_400, 14_400]);
  new Pauses(path).end('b');
  new Pauses(path).delayAll('a', 'down', now);
  assert.ok(!new Pauses(path).isPaused(now + 60));
});

test('a refused letter waits alone, and comes after the others then', () => {
  const pauses = new Pauses(makePath());
  pauses.delayLetter('a', 'no such user', NOW);
  assert.deepEqual(pauses.order(['a', 'b', 'c'], NOW + 59), ['b', 'c']);
  assert.deepEqual(pauses.order(['a', 'b', 'c'], NOW + 60), ['b', 'c', 'a']);
  assert.ok(!pauses.isPaused(NOW));
});

test('the letter with which all sending failed comes last the next time', () => {
  const pauses = new Pauses(makePath());
  pauses.delayLetter('b', 'no such user', NOW - HOUR);
  pauses.delayAll('a', 'connection lost', NOW);
  assert.deepEqual(pauses.order(['a', 'b', 'c'], NOW + 60), ['c', 'b', 'a']);
});

test('a reason is new until it has been given', () => {
  const path = makePath();
  const say = (reason: string) => new Pauses(path).delayAll('a', reason, NOW);
  assert.deepEqual([say('down'), say('down'), say('full'), say('down')], [true, false, true, true]);
  const refuse = (reason: string) => new Pauses(path).delayLetter('a', reason, NOW);
  assert.deepEqual([refuse('x'), refuse('x'), refuse('y')], [true, false, true]);
});

test('a clock that is set back by days makes no pause of days', () => {
  const pauses = new Pauses(makePath());
  pauses.delayAll('a', 'down', NOW);
  pauses.delayLetter('a', 'no such user', NOW);
  assert.ok(!pauses.isPaused(NOW - 48 * HOUR));
  assert.deepEqual(pauses.order(['a'], NOW - 48 * HOUR), ['a']);
});

test('letters that are gone are forgotten', () => {
  const pauses = new Pauses(makePath());
  pauses.delayLetter('a', 'no such user', NOW);
  pauses.keep(['b']);
  assert.equal(pauses.delayLetter('a', 'no such user', NOW), true);
});

test('a damaged file is refused with one line', () => {
  const path = makePath();
  fc.assert(
    fc.property(texts, (text) => {
      writeFileSync(path, text);
      assert.throws(() => new Pauses(path), InputError);
    }),
  );
});
