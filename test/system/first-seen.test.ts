import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, beforeEach } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { deriveLinkAddress } from '../../src/core/link-address.ts';
import type { PublicKey } from '../../src/core/public-key.ts';
import { FirstSeen } from '../../src/system/first-seen.ts';
import { readClock } from '../../src/system/reading.ts';
import { KEYS } from '../core/arbitraries.ts';

/** Two clocks are read one after the other. */
const JITTER_SECONDS = 0.005;

const directory = mkdtempSync(join(tmpdir(), 'wgkex-first-seen-'));
after(() => rmSync(directory, { recursive: true }));
const file = join(directory, 'ffww01.pending.json');
beforeEach(() => rmSync(file, { force: true }));

const describe = (key: PublicKey) => ({ key, ...deriveLinkAddress(key, 'eui64') });

/** Who has to wait between reading the one clock and the other finds a later time; not ten times in a row. */
function find(firstSeen: FirstSeen, key: PublicKey): number {
  return Math.min(...Array.from({ length: 10 }, () => firstSeen.find(key)));
}

test('the file is for root alone, also where an older version left it open', () => {
  const mode = () => statSync(file).mode & 0o777;
  const firstSeen = new FirstSeen(file);
  firstSeen.update(new Set([KEYS[0]]));
  firstSeen.save();
  assert.equal(mode(), 0o600);
  chmodSync(file, 0o644);
  assert.ok(new FirstSeen(file).find(KEYS[0]) > 0);
  assert.equal(mode(), 0o600);
});

test('a pending key keeps the time when it was first seen, and one that is pending no more loses it', async () => {
  const firstSeen = new FirstSeen(file);
  const before = readClock();
  firstSeen.update(new Set([KEYS[0], KEYS[1]]));
  const seen = find(firstSeen, KEYS[0]);
  assert.ok(seen >= before - JITTER_SECONDS && seen <= readClock() + JITTER_SECONDS);
  await pause(20);
  firstSeen.update(new Set([KEYS[0], KEYS[2]]));
  assert.ok(Math.abs(find(firstSeen, KEYS[0]) - seen) < JITTER_SECONDS);
  assert.ok(firstSeen.find(KEYS[2]) > seen);
  assert.ok(firstSeen.find(KEYS[1]) > seen, 'forgotten, it counts as seen just now');
});

test('a key that was never seen counts as seen just now', () => {
  const before = readClock();
  assert.ok(new FirstSeen(file).find(KEYS[0]) >= before - JITTER_SECONDS);
});

test('a change makes a key seen that is new to it, and one forgotten that goes', async () => {
  const firstSeen = new FirstSeen(file);
  firstSeen.update(new Set([KEYS[0], KEYS[1]]));
  const seen = find(firstSeen, KEYS[0]);
  await pause(20);
  firstSeen.note([
    { kind: 'reset', router: describe(KEYS[0]), evicted: [] },
    { kind: 'add', router: describe(KEYS[2]), evicted: [describe(KEYS[1])] },
    { kind: 'keep', router: describe(KEYS[3]), evicted: [] },
  ]);
  await pause(20);
  assert.ok(Math.abs(find(firstSeen, KEYS[0]) - seen) < JITTER_SECONDS, 'as before');
  const now = readClock();
  const added = find(firstSeen, KEYS[2]);
  assert.ok(added > seen + JITTER_SECONDS && added < now - JITTER_SECONDS, 'when it was noted');
  for (const key of [KEYS[1], KEYS[3]])
    assert.ok(firstSeen.find(key) >= now - JITTER_SECONDS, 'unknown, as if seen just now');
});

test('what was noted is saved', () => {
  const first = new FirstSeen(file);
  first.note([{ kind: 'add', router: describe(KEYS[0]), evicted: [] }]);
  first.save();
  assert.ok(existsSync(file));
});

test('the next handler goes on with the times that were saved', async () => {
  const first = new FirstSeen(file);
  first.update(new Set([KEYS[0]]));
  first.save();
  const seen = find(first, KEYS[0]);
  await pause(20);
  const second = new FirstSeen(file);
  second.update(new Set([KEYS[0], KEYS[1]]));
  assert.ok(Math.abs(find(second, KEYS[0]) - seen) < JITTER_SECONDS);
  assert.ok(second.find(KEYS[1]) > seen);
});

test('where nothing changed nothing is written', () => {
  const firstSeen = new FirstSeen(file);
  firstSeen.update(new Set());
  firstSeen.save();
  assert.ok(!existsSync(file));
  firstSeen.update(new Set([KEYS[0]]));
  firstSeen.save();
  const { ino } = statSync(file);
  firstSeen.update(new Set([KEYS[0]]));
  firstSeen.save();
  assert.equal(statSync(file).ino, ino);
});

for (const [name, content] of [
  ['nothing', ''],
  ['half of it', '{"o52Ge+Rpj4CUSitVag9mS7pSXUesNM0ESnvj/wwehkg='],
  ['a key that is none', '{"x":1}'],
  ['a time in words', '{"o52Ge+Rpj4CUSitVag9mS7pSXUesNM0ESnvj/wwehkg=":"now"}'],
] as const) {
  test(`a file with ${name} costs the keys their times, and nothing else`, () => {
    writeFileSync(file, content);
    const before = readClock();
    assert.ok(new FirstSeen(file).find(KEYS[2]) >= before - JITTER_SECONDS);
  });
}
