import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { InterfaceName } from '../../../src/core/values/names.ts';
import { findRecordFault } from '../../../src/system/store/record-fault.ts';
import { RecordFile } from '../../../src/system/store/record-file.ts';

const directory = mkdtempSync(join(tmpdir(), 'wgkex-record-'));
after(() => rmSync(directory, { recursive: true }));
const open = (where = directory) => new RecordFile(where, { wireguard: 'wg0' as InterfaceName });
const { path } = open();

test('a record that exists, is damaged, or does not exist yet is not a fault, and looking changes nothing', () => {
  assert.equal(findRecordFault(open()), undefined);
  for (const text of ['wgkex-record 1 boot\non 1 2\n', 'rubbish']) {
    writeFileSync(path, text);
    const { mtimeMs, ino } = statSync(path);
    assert.equal(findRecordFault(open()), undefined);
    assert.deepEqual([statSync(path).mtimeMs, statSync(path).ino, readFileSync(path, 'utf8')], [mtimeMs, ino, text]);
  }
  rmSync(path);
});

test('a record that cannot be read or written is a fault that names it, with what follows', () => {
  mkdirSync(path);
  const reading = `Cannot read ${path}: illegal operation on a directory; all routers get FAILED, and the cleanup removes nobody`;
  assert.equal(findRecordFault(open()), reading);
  rmdirSync(path);
  writeFileSync(join(directory, 'other'), 'wgkex-record 1 boot\n');
  symlinkSync('other', path);
  assert.match(findRecordFault(open()) ?? '', /^Cannot write \S+wg0\.record: .*; new keys get FAILED$/);
  const nowhere = join(directory, 'nowhere');
  const missing = `Cannot write ${nowhere}/wg0.record: no such file or directory; new keys get FAILED`;
  assert.equal(findRecordFault(open(nowhere)), missing);
});
