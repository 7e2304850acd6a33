import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { RuntimeDirectory } from '../../../src/system/files/runtime-directory.ts';

const skip = process.getuid?.() === 0 ? false : 'SKIPPED: needs root, as locks are taken only in directories of root';
const base = mkdtempSync(join(tmpdir(), 'wgkex-runtime-'));
after(() => rmSync(base, { recursive: true }));
let path: string;
beforeEach(() => {
  path = join(mkdtempSync(join(base, 'in-')), 'run');
});
const replaced = (directory = path) => ({
  name: 'ReplacedDirectoryError',
  message: `Cannot use ${directory}: it was removed or replaced`,
});

test('the directory is created at first, and may change in everything but its identity', { skip }, () => {
  const directory = new RuntimeDirectory(path);
  directory.requireSame();
  assert.ok(statSync(path).isDirectory());
  writeFileSync(join(path, 'file'), '');
  directory.requireSame();
});

test('a directory that was removed is not recreated', { skip }, () => {
  const directory = new RuntimeDirectory(path);
  directory.requireSame();
  rmdirSync(path);
  assert.throws(() => directory.requireSame(), replaced());
  assert.equal(statSync(path, { throwIfNoEntry: false }), undefined);
});

test('a directory that was replaced is refused until the first one is back', { skip }, () => {
  const directory = new RuntimeDirectory(path);
  directory.requireSame();
  renameSync(path, `${path}.old`);
  mkdirSync(path);
  assert.throws(() => directory.requireSame(), replaced());
  assert.throws(() => directory.requireSame(), replaced(), 'and again');
  rmdirSync(path);
  renameSync(`${path}.old`, path);
  directory.requireSame();
});

test('a directory that is still visible, but was removed, is refused', { skip }, () => {
  const seen = `${path}.seen`;
  for (const each of [path, seen]) mkdirSync(each);
  // As systemd shows it to a service.
  execFileSync('mount', ['--bind', path, seen]);
  try {
    const directory = new RuntimeDirectory(seen);
    directory.requireSame();
    rmdirSync(path);
    assert.ok(statSync(seen).isDirectory());
    assert.throws(() => directory.requireSame(), replaced(seen));
  } finally {
    execFileSync('umount', [seen]);
  }
});

test('a directory that others may write to is refused', { skip }, () => {
  mkdirSync(path);
  chmodSync(path, 0o777);
  assert.throws(() => new RuntimeDirectory(path).requireSame(), /^InputError: Cannot trust /);
});
