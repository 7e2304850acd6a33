import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import type { DomainName } from '../../src/core/domain.ts';
import {
  DamagedMarksError,
  findMarksFile,
  forgetMarks,
  readMarks,
  setAsideMarks,
  writeMarks,
} from '../../src/system/marks.ts';
import { damaged, KEYS, publicKeys, texts } from '../core/arbitraries.ts';

const skip = process.getuid?.() === 0 ? false : 'SKIPPED: needs root, in whose directories alone marks are kept';
const base = mkdtempSync(join(tmpdir(), 'wgkex-marks-'));
after(() => rmSync(base, { recursive: true }));
let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(base, 'state-'));
  file = findMarksFile(directory, 'ffww01' as DomainName);
});

const marksArbitrary = fc.array(fc.tuple(publicKeys, fc.nat()), { maxLength: 5 }).map((some) => new Map(some));

test('where there is no file there are no marks', () => {
  assert.deepEqual(readMarks(file), new Map());
});

test('marks are read back, and nothing but their file is left', { skip }, () => {
  fc.assert(
    fc.property(marksArbitrary, (marks) => {
      writeMarks(file, marks);
      assert.deepEqual(readMarks(file), marks);
      assert.deepEqual(readdirSync(directory), ['ffww01.json']);
    }),
    { numRuns: 20 },
  );
});

test('the file is replaced, not written over: who reads the old one goes on reading it', { skip }, () => {
  writeMarks(file, new Map([[KEYS[0], 1]]));
  const { ino } = statSync(file);
  writeMarks(file, new Map([[KEYS[0], 2]]));
  assert.notEqual(statSync(file).ino, ino);
});

test('what a crash left of a file half written is no hindrance', { skip }, () => {
  writeMarks(file, new Map([[KEYS[0], 1]]));
  writeFileSync(`${file}.new`, '{"version":1,"ma');
  assert.deepEqual(readMarks(file), new Map([[KEYS[0], 1]]));
  writeMarks(file, new Map([[KEYS[0], 2]]));
  assert.deepEqual(readdirSync(directory), ['ffww01.json']);
});

test('the directory is made where it is missing', { skip }, () => {
  const elsewhere = findMarksFile(join(directory, 'missing'), 'ffww01' as DomainName);
  writeMarks(elsewhere, new Map([[KEYS[0], 1]]));
  assert.deepEqual(readMarks(elsewhere), new Map([[KEYS[0], 1]]));
});

test('whatever is in the file, it is marks or damaged', () => {
  const right = marksArbitrary.map((marks) => JSON.stringify({ version: 1, marks: Object.fromEntries(marks) }));
  fc.assert(
    fc.property(fc.oneof(texts, fc.json(), damaged(right)), (content) => {
      writeFileSync(file, content);
      try {
        for (const [key, time] of readMarks(file)) assert.ok(content.includes(key) && Number.isInteger(time));
      } catch (error) {
        assert.ok(error instanceof DamagedMarksError, `threw ${error}`);
      }
    }),
  );
});

const KEY = JSON.stringify(KEYS[0]);
const DAMAGED = [
  ['nothing', ''],
  ['half of it', `{"version":1,"marks":{${KEY}:1`],
  ['another version', `{"version":2,"marks":{${KEY}:1}}`],
  ['a key that is none', '{"version":1,"marks":{"x":1}}'],
  ['a time in words', `{"version":1,"marks":{${KEY}:"yesterday"}}`],
  ['a time before 1970', `{"version":1,"marks":{${KEY}:-1}}`],
  ['half a second', `{"version":1,"marks":{${KEY}:1.5}}`],
  ['one thing more', `{"version":1,"marks":{},"more":1}`],
  ['a list', '[]'],
  ['zeros, as after a power cut', '\0'.repeat(100)],
] as const;
for (const [name, content] of DAMAGED) {
  test(`a file with ${name} is damaged, and says which one it is`, () => {
    writeFileSync(file, content);
    assert.throws(
      () => readMarks(file),
      (error) => error instanceof DamagedMarksError && error.message.startsWith(`Cannot read the marks in ${file}: `),
    );
  });
}

test('a damaged file is kept, out of the way', () => {
  writeFileSync(file, 'damaged');
  const aside = setAsideMarks(file);
  assert.ok(!existsSync(file));
  assert.equal(readFileSync(aside, 'utf8'), 'damaged');
  writeFileSync(file, 'damaged again');
  assert.equal(setAsideMarks(file), aside);
  assert.equal(readFileSync(aside, 'utf8'), 'damaged again');
});

test('the marks of some keys are forgotten, the others stay', { skip }, () => {
  writeMarks(file, new Map(KEYS.map((key, index) => [key, index])));
  forgetMarks(file, [KEYS[0], KEYS[2]]);
  assert.deepEqual(
    readMarks(file),
    new Map([
      [KEYS[1], 1],
      [KEYS[3], 3],
    ]),
  );
});

test('where there is nothing to forget, nothing is written', { skip }, () => {
  forgetMarks(file, [KEYS[0]]);
  assert.ok(!existsSync(file));
  writeMarks(file, new Map([[KEYS[0], 1]]));
  const { ino } = statSync(file);
  forgetMarks(file, [KEYS[1]]);
  assert.equal(statSync(file).ino, ino);
});
