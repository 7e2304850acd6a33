import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs, { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { replaceFile } from '../../../src/system/files/replace-file.ts';

const directory = mkdtempSync(join(tmpdir(), 'wgkex-replace-'));
after(() => rmSync(directory, { recursive: true }));

test('a file that cannot be written causes an error with its path and the reason', () => {
  const missing = join(directory, 'missing', 'file');
  assert.throws(() => replaceFile(missing, ''), { message: `Cannot write ${missing}: no such file or directory` });
});

test('a full disk causes such an error, too, keeps the old file, and leaves no new one', {
  skip: process.getuid?.() === 0 ? false : 'SKIPPED: needs to mount a small disk',
}, (t) => {
  const disk = join(directory, 'disk');
  mkdirSync(disk);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', disk]);
  t.after(() => execFileSync('umount', [disk]));
  const file = join(disk, 'file');
  replaceFile(file, 'old');
  const much = '.'.repeat(100_000);
  assert.throws(() => replaceFile(file, much), { message: `Cannot write ${file}: no space left on device` });
  assert.deepEqual([readFileSync(file, 'utf8'), readdirSync(disk)], ['old', ['file']]);
});

test('a file that only its owner may read is open to nobody else while it is replaced', (t) => {
  const file = join(directory, 'secret');
  fs.writeFileSync(file, 'old', { mode: 0o600 });
  const modes: number[] = [];
  for (const name of ['fchownSync', 'writeFileSync'] as const)
    t.mock.method(fs, name, (open: number) => modes.push(fs.fstatSync(open).mode & 0o777));
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
  replaceFile(file, 'new', { like: statSync(file) });
  assert.deepEqual(modes, [0o600, 0o600]);
});
