import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, beforeEach, test } from 'node:test';
import { PeerRecord, UNRECORDED } from '../../../src/core/peers/record.ts';
import type { DomainName, InterfaceName } from '../../../src/core/values/names.ts';
import type { PublicKey } from '../../../src/core/values/public-key.ts';
import { RecordFile } from '../../../src/system/store/record-file.ts';
import { RecordWriter } from '../../../src/system/store/record-writer.ts';
import { KEYS, MOMENT } from '../../core/arbitraries.ts';
import { keepLog } from '../events.ts';
import { limitFiles } from '../file-limit.ts';

const [KEY, OTHER] = KEYS;
const base = mkdtempSync(join(tmpdir(), 'wgkex-record-writer-'));
after(() => rmSync(base, { recursive: true }));
const later = (seconds: number) => ({ unix: MOMENT.unix + seconds, monotonic: MOMENT.monotonic + seconds });
let file: RecordFile;
let writer: RecordWriter;
let record: PeerRecord;
let lines: string[];
beforeEach(() => {
  const kept = keepLog();
  lines = kept.lines;
  file = new RecordFile(mkdtempSync(join(base, 'run-')), { wireguard: 'wg0' as InterfaceName });
  writer = new RecordWriter(file, 'ffww01' as DomainName, kept.log);
  record = new PeerRecord('boot');
  writer.begin(record);
  assert.ok(writer.rewrite(record, MOMENT));
});

const written = () => PeerRecord.parse(readFileSync(file.path, 'utf8')).registrations;
const restoresOf = (key: PublicKey) => written().get(key)?.restores;
const note = (key: PublicKey, restores: number) => writer.note(key, record.set(key, { ...UNRECORDED, restores }));
const write = (key: PublicKey, restores: number, now = MOMENT) =>
  writer.write([record.set(key, { ...UNRECORDED, restores })], record, now);
const fill = () => limitFiles(1);
const makeRoom = () => limitFiles('unlimited');
afterEach(makeRoom);
const REASON = () => `Cannot write ${file.path}: file too large`;

test('a line that an action depends on is written at once', () => {
  assert.ok(write(KEY, 1));
  assert.equal(restoresOf(KEY), 1);
});

test('notes are written every 10 s, the latest of each key', () => {
  note(KEY, 1);
  writer.writeNotes(record, MOMENT);
  assert.equal(restoresOf(KEY), 1);
  note(KEY, 2);
  note(KEY, 3);
  writer.writeNotes(record, later(9.9));
  assert.equal(restoresOf(KEY), 1);
  writer.writeNotes(record, later(10));
  assert.equal(restoresOf(KEY), 3);
  assert.doesNotMatch(readFileSync(file.path, 'utf8'), / 2$/m);
});

test('notes are written before the lines of the next write, which restarts the 10 s', () => {
  note(KEY, 1);
  note(OTHER, 1);
  assert.ok(write(KEY, 2, later(9)));
  assert.deepEqual([restoresOf(KEY), restoresOf(OTHER)], [2, 1]);
  note(KEY, 3);
  writer.writeNotes(record, later(18.9));
  assert.equal(restoresOf(KEY), 2);
});

test('notes are written once', () => {
  note(KEY, 1);
  writer.writeNotes(record, MOMENT);
  const before = readFileSync(file.path, 'utf8');
  writer.writeNotes(record, later(20));
  assert.ok(writer.write([], record, later(20)));
  assert.equal(readFileSync(file.path, 'utf8'), before);
  note(OTHER, 1);
  assert.ok(writer.rewrite(record, later(20)));
  const rewritten = readFileSync(file.path, 'utf8');
  writer.writeNotes(record, later(40));
  assert.equal(readFileSync(file.path, 'utf8'), rewritten, 'a whole file has it already');
});

test('notes of a replaced record are forgotten', () => {
  const theirs = new PeerRecord('boot');
  note(KEY, 1);
  writer.begin(record);
  writer.writeNotes(record, MOMENT);
  assert.equal(restoresOf(KEY), 1, 'it is still the same');
  assert.ok(writer.rewrite(theirs, MOMENT));
  note(OTHER, 1);
  writer.begin(theirs);
  assert.ok(writer.write([theirs.set(KEYS[2], UNRECORDED)], theirs, MOMENT));
  assert.deepEqual([...written().keys()], [KEYS[2]]);
});

test('notes that cannot be written are kept, and do not wait 10 s after that', () => {
  note(KEY, 1);
  fill();
  writer.writeNotes(record, MOMENT);
  makeRoom();
  writer.writeNotes(record, later(1));
  assert.equal(restoresOf(KEY), 1);
});

test('a fault is logged once while it lasts, and is available', () => {
  assert.equal(writer.fault, undefined);
  fill();
  for (let attempts = 0; attempts < 3; attempts++) assert.equal(write(KEY, 1), false);
  assert.equal(writer.rewrite(record, MOMENT), false);
  assert.equal(writer.fault, REASON());
  assert.deepEqual(lines, [`<3>record not written ffww01: ${REASON()}`]);
});

test('another fault has its own line, and so does the same one when it returns', () => {
  fill();
  write(KEY, 1);
  makeRoom();
  rmSync(file.path);
  write(KEY, 1);
  const missing = `Cannot write ${file.path}: no such file or directory`;
  assert.equal(writer.fault, missing);
  assert.ok(writer.rewrite(record, MOMENT));
  assert.equal(writer.fault, undefined);
  fill();
  write(KEY, 1);
  const expected = [REASON(), missing, REASON()].map((reason) => `<3>record not written ffww01: ${reason}`);
  assert.deepEqual(lines, expected);
});

test('after a failure the whole record is written as soon as it can be, and only then', () => {
  writer.recover(record, MOMENT);
  const { registrations } = record;
  assert.equal(registrations.size, 0);
  record.set(KEY, UNRECORDED);
  writer.recover(record, MOMENT);
  assert.equal(written().size, 0, 'nothing had failed');
  fill();
  write(OTHER, 1);
  writer.recover(record, MOMENT);
  assert.equal(writer.fault, REASON(), 'not yet');
  makeRoom();
  writer.recover(record, MOMENT);
  assert.equal(writer.fault, undefined);
  assert.deepEqual(written(), record.registrations);
});
