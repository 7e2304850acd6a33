import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import type { DomainName } from '../../../src/core/values/names.ts';
import type { PublicKey } from '../../../src/core/values/public-key.ts';
import type { UnixSeconds } from '../../../src/core/values/time.ts';
import { DamagedStateError, type DomainState, EMPTY_STATE, StateFile } from '../../../src/system/store/state.ts';
import { damaged, KEYS, publicKeys, texts } from '../../core/arbitraries.ts';

const skip = process.getuid?.() === 0 ? false : 'SKIPPED: needs root, as state is kept only in directories of root';
const base = mkdtempSync(join(tmpdir(), 'wgkex-state-'));
after(() => rmSync(base, { recursive: true }));
let directory: string;
let file: StateFile;
beforeEach(() => {
  directory = mkdtempSync(join(base, 'state-'));
  file = new StateFile(directory, 'ffww01' as DomainName);
});

const times = fc.array(fc.tuple(publicKeys, fc.nat()), { maxLength: 5 }).map((some) => new Map(some));
const cleanups = fc.record({ passes: fc.nat(), removals: fc.nat(), lastPass: fc.nat() }, { noNullPrototype: true });
const states: fc.Arbitrary<DomainState> = fc.record(
  { marks: times, alive: times, interfaces: fc.string(), cleanup: cleanups },
  { noNullPrototype: true },
);
const withMarks = (...marks: [PublicKey, UnixSeconds][]): DomainState => ({ ...EMPTY_STATE, marks: new Map(marks) });

test('without a file nothing is known', () => {
  assert.deepEqual(file.read(), EMPTY_STATE);
});

test('a state is read back, and nothing but its file is left', { skip }, () => {
  fc.assert(
    fc.property(states, (state) => {
      file.write(state);
      assert.deepEqual(file.read(), state);
      assert.deepEqual(new StateFile(directory, 'ffww01' as DomainName).read(), state);
      assert.deepEqual(readdirSync(directory), ['ffww01.json']);
    }),
    { numRuns: 20 },
  );
});

test('changes by another process are seen', { skip }, () => {
  file.write(withMarks([KEYS[0], 1]));
  assert.deepEqual(file.read(), withMarks([KEYS[0], 1]));
  new StateFile(directory, 'ffww01' as DomainName).write(withMarks([KEYS[0], 2]));
  assert.deepEqual(file.read(), withMarks([KEYS[0], 2]));
  rmSync(file.path);
  assert.deepEqual(file.read(), EMPTY_STATE);
});

test('the file is for root alone, even if an older version left it open', { skip }, () => {
  const mode = (path: string) => statSync(path).mode & 0o777;
  file.write(withMarks([KEYS[0], 1]));
  assert.equal(mode(file.path), 0o600);
  chmodSync(file.path, 0o644);
  writeFileSync(`${file.path}.new`, '', { mode: 0o644 });
  file.write(withMarks([KEYS[0], 2]));
  assert.equal(mode(file.path), 0o600, 'after a write');
  chmodSync(file.path, 0o644);
  assert.deepEqual(new StateFile(directory, 'ffww01' as DomainName).read(), withMarks([KEYS[0], 2]));
  assert.equal(mode(file.path), 0o600, 'after it was opened');
  chmodSync(file.path, 0o644);
  assert.equal(mode(file.setAside()), 0o600, 'after it was set aside');
});

test('the file is replaced, not overwritten: a reader of the old one can finish reading it', { skip }, () => {
  file.write(withMarks([KEYS[0], 1]));
  const { ino } = statSync(file.path);
  file.write(withMarks([KEYS[0], 2]));
  assert.notEqual(statSync(file.path).ino, ino);
});

test('a half-written file that a crash left does no harm', { skip }, () => {
  file.write(withMarks([KEYS[0], 1]));
  writeFileSync(`${file.path}.new`, '{"version":1,"ma');
  assert.deepEqual(file.read(), withMarks([KEYS[0], 1]));
  file.write(withMarks([KEYS[0], 2]));
  assert.deepEqual(readdirSync(directory), ['ffww01.json']);
});

test('a missing directory is created', { skip }, () => {
  const elsewhere = new StateFile(join(directory, 'missing'), 'ffww01' as DomainName);
  elsewhere.write(withMarks([KEYS[0], 1]));
  assert.deepEqual(elsewhere.read(), withMarks([KEYS[0], 1]));
});

test('a file without living keys and without counts of the cleanup can still be read', () => {
  writeFileSync(file.path, JSON.stringify({ version: 1, marks: { [KEYS[0]]: 1 } }));
  assert.deepEqual(file.read(), withMarks([KEYS[0], 1]));
});

test('any content of the file is either a state or damaged', () => {
  const right = states.map(({ marks, alive, ...state }) =>
    JSON.stringify({ version: 1, ...state, marks: Object.fromEntries(marks), alive: Object.fromEntries(alive) }),
  );
  fc.assert(
    fc.property(fc.oneof(texts, fc.json(), damaged(right)), (content) => {
      writeFileSync(file.path, content);
      try {
        const { marks, alive } = file.read();
        for (const [key, time] of [...marks, ...alive]) assert.ok(content.includes(key) && Number.isInteger(time));
      } catch (error) {
        assert.ok(error instanceof DamagedStateError, `threw ${error}`);
      }
    }),
  );
});

const KEY = JSON.stringify(KEYS[0]);
const DAMAGED = [
  ['nothing', ''],
  ['half of it', `{"version":1,"marks":{${KEY}:1`],
  ['another version', `{"version":2,"marks":{${KEY}:1}}`],
  ['an invalid key', '{"version":1,"marks":{"x":1}}'],
  ['an invalid living key', '{"version":1,"marks":{},"alive":{"x":1}}'],
  ['a time in words', `{"version":1,"marks":{${KEY}:"yesterday"}}`],
  ['a time before 1970', `{"version":1,"marks":{${KEY}:-1}}`],
  ['half a second', `{"version":1,"marks":{${KEY}:1.5}}`],
  ['a pass too few', '{"version":1,"marks":{},"cleanup":{"passes":-1,"removals":0,"lastPass":0}}'],
  ['one thing more', `{"version":1,"marks":{},"more":1}`],
  ['a list', '[]'],
  ['zeros, as after a power cut', '\0'.repeat(100)],
] as const;
for (const [name, content] of DAMAGED) {
  test(`a file with ${name} is damaged, and the error names it`, () => {
    writeFileSync(file.path, content);
    const isRight = (error: unknown) =>
      error instanceof DamagedStateError && error.message.startsWith(`Cannot read the state in ${file.path}: `);
    assert.throws(() => file.read(), isRight);
    assert.throws(() => file.read(), isRight, 'and again');
  });
}

test('a damaged file is kept under another name', () => {
  writeFileSync(file.path, 'damaged');
  const aside = file.setAside();
  assert.ok(!existsSync(file.path));
  assert.equal(readFileSync(aside, 'utf8'), 'damaged');
  writeFileSync(file.path, 'damaged again');
  assert.equal(file.setAside(), aside);
  assert.equal(readFileSync(aside, 'utf8'), 'damaged again');
});

test('the marks of some keys are forgotten, and everything else stays', { skip }, () => {
  const state = {
    marks: new Map(KEYS.map((key, index) => [key, index])),
    alive: new Map([[KEYS[0], 1]]),
    interfaces: 'x',
    cleanup: { passes: 3, removals: 2, lastPass: 1 },
  };
  file.write(state);
  file.forgetMarks([KEYS[0], KEYS[2]]);
  const marks = new Map([
    [KEYS[1], 1],
    [KEYS[3], 3],
  ]);
  assert.deepEqual(file.read(), { ...state, marks });
});

test('without marks to forget, nothing is written', { skip }, () => {
  file.forgetMarks([KEYS[0]]);
  assert.ok(!existsSync(file.path));
  file.write(withMarks([KEYS[0], 1]));
  const { ino } = statSync(file.path);
  file.forgetMarks([KEYS[1]]);
  assert.equal(statSync(file.path).ino, ino);
});
