import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { PeerRecord, UNRECORDED } from '../../../src/core/peers/record.ts';
import type { InterfaceName } from '../../../src/core/values/names.ts';
import { RecordFile } from '../../../src/system/store/record-file.ts';
import { KEYS, MOMENT } from '../../core/arbitraries.ts';
import { withinBytes } from '../file-limit.ts';

const [KEY, OTHER, THIRD] = KEYS;
const base = mkdtempSync(join(tmpdir(), 'wgkex-record-file-'));
after(() => rmSync(base, { recursive: true }));
const open = (where = directory) => new RecordFile(where, { wireguard: 'wg0' as InterfaceName });
let directory: string;
let file: RecordFile;
let record: PeerRecord;
beforeEach(() => {
  directory = mkdtempSync(join(base, 'run-'));
  file = open();
  record = new PeerRecord('boot');
  record.set(KEY, UNRECORDED);
});

const begin = () => file.rewrite(record, MOMENT);
const append = (...keys: (typeof KEY)[]) =>
  file.append(
    keys.map((key) => record.set(key, UNRECORDED)),
    record,
    MOMENT,
  );
const keysIn = (some: PeerRecord | undefined) => some && [...some.registrations.keys()];
const text = () => readFileSync(file.path, 'utf8');

test('without a file there is no record', () => {
  assert.equal(file.read(), undefined);
  assert.equal(file.readPrevious(), undefined);
});

test('written and appended lines are read back, by root alone', () => {
  begin();
  append(OTHER);
  assert.equal(file.read(), record, 'without reading its own lines again');
  assert.deepEqual(keysIn(open().read()), [KEY, OTHER]);
  assert.equal(statSync(file.path).mode & 0o777, 0o600);
  const { size, mtimeNs } = statSync(file.path, { bigint: true });
  file.append([], record, MOMENT);
  assert.deepEqual([statSync(file.path).size, statSync(file.path, { bigint: true }).mtimeNs], [Number(size), mtimeNs]);
});

test('a torn line is cut off before the next one is appended', () => {
  begin();
  const line = `${record.set(OTHER, UNRECORDED)}\n`;
  for (let length = 1; length < line.length; length++) {
    begin();
    const whole = text();
    appendFileSync(file.path, line.slice(0, length));
    append(THIRD);
    assert.equal(text(), `${whole}key ${THIRD} - - - - 0\n`);
    record.drop(THIRD);
  }
});

for (const [name, torn] of [
  ['whole', ''],
  ['torn', 'key Tsz'],
] as const) {
  test(`an append that does not fit leaves the whole lines of a file that was ${name}`, () => {
    begin();
    const whole = text();
    appendFileSync(file.path, torn);
    withinBytes(whole.length + 70, () => {
      // The first line fits, and a part of the second.
      const message = `Cannot write ${file.path}: file too large`;
      assert.throws(() => append(OTHER, THIRD), { message });
    });
    assert.equal(text(), whole);
    assert.deepEqual(keysIn(file.read()), [KEY], 'lines that were not written are not known');
    append(THIRD);
    assert.deepEqual(keysIn(open().read()), [KEY, THIRD]);
  });
}

test('appending to a missing file, a link or a directory fails with one line', () => {
  assert.throws(() => append(OTHER), { message: `Cannot write ${file.path}: no such file or directory` });
  writeFileSync(join(directory, 'other'), 'other');
  symlinkSync('other', file.path);
  assert.throws(() => append(OTHER), /^Error: Cannot write \S+wg0\.record: /);
  assert.equal(readFileSync(join(directory, 'other'), 'utf8'), 'other');
  rmSync(file.path);
  mkdirSync(file.path);
  assert.throws(() => append(OTHER), { message: `Cannot write ${file.path}: illegal operation on a directory` });
});

test('lines that could not be appended to an unchanged file are not known either', () => {
  begin();
  renameSync(file.path, join(directory, 'elsewhere'));
  symlinkSync('elsewhere', file.path);
  record = file.read() ?? record;
  assert.throws(() => append(OTHER), /^Error: Cannot write /);
  assert.deepEqual(keysIn(file.read()), [KEY]);
});

test('a rewrite keeps the previous file, with all appended lines', () => {
  begin();
  append(OTHER);
  record.drop(KEY);
  begin();
  assert.deepEqual([keysIn(open().read()), keysIn(file.readPrevious())], [[OTHER], [KEY, OTHER]]);
  append(THIRD);
  assert.deepEqual(keysIn(file.readPrevious()), [KEY, OTHER], 'not the file that is appended to');
  begin();
  assert.deepEqual(keysIn(file.readPrevious()), [OTHER, THIRD]);
  assert.deepEqual(readdirSync(directory).sort(), ['wg0.record', 'wg0.record.previous']);
});

test('a rewrite that does not fit leaves the file unchanged', () => {
  begin();
  const whole = text();
  record.set(OTHER, UNRECORDED);
  withinBytes(30, () => assert.throws(begin, { message: `Cannot write ${file.path}: file too large` }));
  assert.equal(text(), whole);
  assert.deepEqual(readdirSync(directory).sort(), ['wg0.record', 'wg0.record.previous']);
});

test('a previous copy that is damaged or unreadable is ignored', () => {
  writeFileSync(`${file.path}.previous`, 'rubbish');
  assert.equal(file.readPrevious(), undefined);
  rmSync(`${file.path}.previous`);
  mkdirSync(`${file.path}.previous`);
  assert.equal(file.readPrevious(), undefined);
});

test('appends, rewrites and removals by another process are seen', () => {
  begin();
  const other = open();
  const theirs = other.read();
  assert.ok(theirs);
  other.append([theirs.set(OTHER, UNRECORDED)], theirs, MOMENT);
  assert.deepEqual(keysIn(file.read()), [KEY, OTHER]);
  theirs.drop(KEY);
  other.rewrite(theirs, MOMENT);
  assert.deepEqual(keysIn(file.read()), [OTHER]);
  rmSync(file.path);
  assert.equal(file.read(), undefined);
});

test('a damaged file causes an error at each reading, and is kept under another name', () => {
  begin();
  appendFileSync(file.path, 'rubbish\n');
  const error = { name: 'InputError', message: 'Cannot read the record of peers: unexpected line 4' };
  assert.throws(() => file.read(), error);
  assert.throws(() => file.read(), error, 'and again');
  const damaged = text();
  const aside = file.setAside();
  assert.deepEqual([readFileSync(aside, 'utf8'), file.read()], [damaged, undefined]);
});

test('a truncated file is damaged, or a record with fewer keys', () => {
  begin();
  append(OTHER);
  const whole = statSync(file.path).size;
  const firstLine = text().indexOf('\n') + 1;
  for (let size = whole - 1; size >= 0; size--) {
    truncateSync(file.path, size);
    if (size >= firstLine) assert.ok(!open().read()?.registrations.has(OTHER));
    else assert.throws(() => open().read(), { name: 'InputError' });
  }
});

test('a file that cannot be read causes an error that is not about its content', () => {
  mkdirSync(file.path);
  const message = `Cannot read ${file.path}: illegal operation on a directory`;
  assert.throws(() => file.read(), { name: 'Error', message });
});

test('a file that has grown beyond four times its written size, and beyond 1 MB, is rewritten', () => {
  begin();
  const line = record.set(OTHER, UNRECORDED);
  const room = 1024 * 1024 - statSync(file.path).size;
  file.append(Array(Math.floor(room / (line.length + 1))).fill(line), record, MOMENT);
  assert.ok(statSync(file.path).size > 1_000_000, 'not yet');
  file.append([line], record, MOMENT);
  assert.deepEqual([text(), keysIn(open().read())], [record.format(MOMENT), [KEY, OTHER]]);
  assert.deepEqual(keysIn(file.readPrevious()), [KEY, OTHER]);
});
