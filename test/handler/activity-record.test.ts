import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { parseConfig } from '../../src/config/config.ts';
import type { DomainName } from '../../src/core/values/names.ts';
import { ActivityRecord } from '../../src/handler/service/activity-record.ts';
import { readActivity } from '../../src/system/store/activity.ts';

const skip = process.getuid?.() === 0 ? false : 'SKIPPED: needs root, as state is kept only in directories of root';
const DOMAIN = 'ffww01' as DomainName;
const base = mkdtempSync(join(tmpdir(), 'wgkex-record-'));
after(() => rmSync(base, { recursive: true }));

let directory: string;
let warnings: string[];
beforeEach(() => {
  directory = mkdtempSync(join(base, 'state-'));
  warnings = [];
});

function makeRecord(pauseMilliseconds?: number): ActivityRecord {
  const log = { report: (event: string) => void warnings.push(event) };
  return new ActivityRecord(parseConfig(`state_directory = "${directory}"`, 'test'), DOMAIN, log, pauseMilliseconds);
}

/** The sums in the file. */
function countSaved(): Record<string, number> {
  const sum = { joined: 0, refused: 0, failed: 0 };
  for (const { joined, refused, failed } of readActivity(directory, DOMAIN).intervals.values()) {
    sum.joined += joined;
    sum.refused += refused;
    sum.failed += failed;
  }
  return sum;
}

/** Not in the types of Node 18. */
const { getActiveResourcesInfo } = process as unknown as { getActiveResourcesInfo(): string[] };
const hasTimer = () => getActiveResourcesInfo().includes('Timeout');

test('exchanges after a quiet time are in the file when the batch is done', { skip }, async () => {
  const record = makeRecord();
  record.note('joined', 3);
  record.note('refused');
  assert.deepEqual(countSaved(), { joined: 0, refused: 0, failed: 0 }, 'not during the batch');
  await pause(20);
  assert.deepEqual(countSaved(), { joined: 3, refused: 1, failed: 0 });
});

test('exchanges soon after a write wait', { skip }, async () => {
  const record = makeRecord();
  record.note('joined');
  await pause(20);
  record.note('failed', 100);
  await pause(20);
  assert.deepEqual(countSaved(), { joined: 1, refused: 0, failed: 0 });
  record.save();
  assert.deepEqual(countSaved(), { joined: 1, refused: 0, failed: 100 });
});

test('the first exchange that joins does not wait, as somebody may be looking for it', { skip }, async () => {
  const record = makeRecord();
  record.note('refused');
  await pause(20);
  record.note('refused');
  record.note('joined');
  await pause(20);
  assert.deepEqual(countSaved(), { joined: 1, refused: 2, failed: 0 });
  record.note('joined');
  await pause(20);
  assert.deepEqual(countSaved(), { joined: 1, refused: 2, failed: 0 }, 'the second one waits like all others');
  record.save();
});

test('a waiting exchange is written without a further one', { skip }, async () => {
  const record = makeRecord(50);
  record.note('joined');
  await pause(20);
  record.note('failed');
  await pause(100);
  assert.deepEqual(countSaved(), { joined: 1, refused: 0, failed: 1 });
});

test('without exchanges no timer runs, and nothing is written', { skip }, async () => {
  const record = makeRecord();
  assert.ok(!hasTimer());
  record.note('joined');
  assert.ok(hasTimer());
  await pause(20);
  assert.ok(!hasTimer());
  rmSync(join(directory, 'ffww01.activity.json'));
  record.save();
  assert.ok(!existsSync(join(directory, 'ffww01.activity.json')));
});

test('the next handler continues with the counts of this one', { skip }, () => {
  for (const outcome of ['joined', 'refused', 'joined'] as const) {
    const record = makeRecord();
    record.note(outcome);
    record.save();
    assert.ok(!hasTimer(), 'nothing keeps its process running');
  }
  assert.deepEqual(countSaved(), { joined: 2, refused: 1, failed: 0 });
});

test('counts that cannot be written cause one warning, and are written as soon as possible', { skip }, () => {
  rmSync(directory, { recursive: true });
  writeFileSync(directory, 'in the way');
  const record = makeRecord();
  for (let times = 0; times < 3; times++) {
    record.note('joined');
    record.save();
  }
  assert.deepEqual(warnings, ['activity not written']);
  rmSync(directory);
  mkdirSync(directory);
  record.note('joined');
  record.save();
  assert.deepEqual(countSaved(), { joined: 4, refused: 0, failed: 0 });
});
