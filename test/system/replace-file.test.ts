import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { replaceFile } from '../../src/system/replace-file.ts';

const directory = mkdtempSync(join(tmpdir(), 'wgkex-replace-'));
after(() => rmSync(directory, { recursive: true }));

test('a file that cannot be written is an error that says which one and why', () => {
  const missing = join(directory, 'missing', 'file');
  assert.throws(() => replaceFile(missing, ''), { message: `Cannot write ${missing}: no such file or directory` });
});

test('a disk without room is such an error, too, and costs nothing of the old file', () => {
  const file = join(directory, 'file');
  replaceFile(file, 'old');
  symlinkSync('/dev/full', `${file}.new`);
  assert.throws(() => replaceFile(file, 'new'), { message: `Cannot write ${file}: no space left on device` });
  assert.equal(readFileSync(file, 'utf8'), 'old');
});
