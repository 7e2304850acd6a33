import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { StampedFile } from '../../../src/system/files/stamped-file.ts';

const directory = mkdtempSync(join(tmpdir(), 'wgkex-stamped-'));
after(() => rmSync(directory, { recursive: true }));
const path = join(directory, 'file');
const SAME_TIME = 1;
let readings: number;
let file: StampedFile<string>;
beforeEach(() => {
  writeFileSync(path, 'old');
  utimesSync(path, SAME_TIME, SAME_TIME);
  readings = 0;
  file = new StampedFile(path, (where) => {
    readings++;
    return readFileSync(where, 'utf8');
  });
  assert.equal(file.read(), 'old');
});

test('an unchanged file is read once', () => {
  assert.deepEqual([file.read(), file.read(), readings], ['old', 'old', 1]);
});

const CHANGES: readonly [name: string, change: () => void, expected: string | undefined][] = [
  ['appended to', () => appendFileSync(path, 'er'), 'older'],
  [
    'replaced by one of the same size and time',
    () => {
      writeFileSync(`${path}.new`, 'new');
      utimesSync(`${path}.new`, SAME_TIME, SAME_TIME);
      renameSync(`${path}.new`, path);
    },
    'new',
  ],
  [
    'overwritten, with its size and time as before',
    () => {
      writeFileSync(path, 'new');
      utimesSync(path, SAME_TIME, SAME_TIME);
    },
    'new',
  ],
  ['removed', () => rmSync(path), undefined],
];
for (const [name, change, expected] of CHANGES) {
  test(`a file that was ${name} is read again`, () => {
    change();
    assert.deepEqual([file.read(), file.read()], [expected, expected]);
  });
}

test('a file that comes back is read again', () => {
  rmSync(path);
  assert.equal(file.read(), undefined);
  writeFileSync(path, 'new');
  assert.equal(file.read(), 'new');
});

test('a file that could not be read is read again each time', () => {
  const failing = new StampedFile(path, () => {
    readings++;
    throw new Error('damaged');
  });
  for (const expected of [2, 3]) {
    assert.throws(() => failing.read(), { message: 'damaged' });
    assert.equal(readings, expected);
  }
});

test('a file that is forgotten is read again, and one that is settled is not', () => {
  file.forget();
  assert.deepEqual([file.read(), readings], ['old', 2]);
  writeFileSync(path, 'newer');
  file.settle('what was written');
  assert.deepEqual([file.read(), readings], ['what was written', 2]);
  appendFileSync(path, '!');
  assert.deepEqual([file.read(), readings], ['newer!', 3]);
});

test('a value is not settled on a file that is not there', () => {
  rmSync(path);
  file.settle('what was written');
  assert.equal(file.read(), undefined);
});
