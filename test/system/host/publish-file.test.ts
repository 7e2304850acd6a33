import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { execaSync } from 'execa';
import { publishFile } from '../../../src/system/host/publish-file.ts';

const base = mkdtempSync(join(tmpdir(), 'wgkex-publish-'));
after(() => rmSync(base, { recursive: true }));

const makePlace = () => mkdtempSync(join(base, 'place-'));

describe('a file for everybody', () => {
  test('is created and replaced so that all may read it, whatever the umask', () => {
    const directory = makePlace();
    const file = join(directory, 'status.html');
    const umask = process.umask(0o077);
    publishFile(file, 'old');
    publishFile(file, 'new');
    process.umask(umask);
    assert.equal(readFileSync(file, 'utf8'), 'new');
    assert.equal(statSync(file).mode & 0o777, 0o644);
    assert.deepEqual(readdirSync(directory), ['status.html']);
  });

  test('is replaced, not overwritten, so that a reader of the old one can finish', () => {
    const file = join(makePlace(), 'status.html');
    publishFile(file, 'old');
    const { ino } = statSync(file);
    publishFile(file, 'new');
    assert.notEqual(statSync(file).ino, ino);
  });

  test('is found through a link to its directory', () => {
    const directory = makePlace();
    symlinkSync(directory, join(base, 'link'));
    publishFile(join(base, 'link', 'status.html'), 'text');
    assert.equal(readFileSync(join(directory, 'status.html'), 'utf8'), 'text');
  });

  const REFUSED: readonly (readonly [name: string, prepare: (directory: string) => string, reason: RegExp])[] = [
    ['in a missing directory', (directory) => join(directory, 'none', 'a'), /: no such file or directory$/],
    ['in a file', (directory) => join(written(directory, 'f'), 'a'), /: not a directory$/],
    ['that is a directory', (directory) => made(join(directory, 'a')), /: it is not a file$/],
    ['that is a link', (directory) => linked(directory), /: it is not a file$/],
    ['that is a pipe', (directory) => piped(directory), /: it is not a file$/],
    ['with a name that is too long', (directory) => join(directory, 'a'.repeat(255)), /: name too long$/],
  ];
  for (const [name, prepare, reason] of REFUSED) {
    test(`${name} causes an error of one line that says so, and leaves nothing behind`, () => {
      const directory = makePlace();
      const path = prepare(directory);
      const before = readdirSync(directory);
      assert.throws(
        () => publishFile(path, 'page'),
        (error: Error) => {
          assert.ok(error.message.startsWith(`Cannot write ${path}: `) && !error.message.includes('\n'), error.message);
          assert.match(error.message, reason);
          return true;
        },
      );
      assert.deepEqual(readdirSync(directory), before);
    });
  }

  test('that is a link does not change its target', () => {
    const directory = makePlace();
    assert.throws(() => publishFile(linked(directory), 'page'));
    assert.equal(readFileSync(join(directory, 'precious'), 'utf8'), 'precious');
  });
});

describe('root', { skip: process.getuid?.() === 0 ? false : 'SKIPPED: needs root' }, () => {
  const NOBODY = 65_534;

  test('writes to a directory of another user, such as a web server', () => {
    const directory = makePlace();
    chownSync(directory, NOBODY, NOBODY);
    publishFile(join(directory, 'status.html'), 'page');
    assert.equal(statSync(join(directory, 'status.html')).uid, 0);
  });

  test("does not write through somebody else's link, not even in a directory such as /tmp", () => {
    const target = makePlace();
    const sticky = makePlace();
    chmodSync(sticky, 0o1777);
    const link = join(sticky, 'site');
    symlinkSync(target, link);
    lchownSync(link, NOBODY, NOBODY);
    const file = join(link, 'status.html');
    const reason = `Cannot trust ${link}: it belongs to user ${NOBODY}, expected root`;
    assert.throws(() => publishFile(file, 'page'), { message: `Cannot write ${file}: ${reason}` });
    assert.deepEqual(readdirSync(target), []);
    lchownSync(link, 0, 0);
    publishFile(file, 'page');
    assert.deepEqual(readdirSync(target), ['status.html']);
  });

  test('does not write to a directory that its owner could replace with a link, as in /tmp', () => {
    const sticky = makePlace();
    const directory = made(join(sticky, 'site'));
    chownSync(directory, NOBODY, NOBODY);
    chmodSync(sticky, 0o1777);
    assert.throws(() => publishFile(join(directory, 'status.html'), 'page'), /users other than root may write to it/);
    assert.deepEqual(readdirSync(directory), []);
    chownSync(directory, 0, 0);
    publishFile(join(directory, 'status.html'), 'page');
  });

  test('does not write to a directory that somebody else could replace', () => {
    const parent = makePlace();
    const directory = made(join(parent, 'site'));
    chownSync(parent, NOBODY, NOBODY);
    const file = join(directory, 'status.html');
    const reason = `Cannot trust ${parent}: it belongs to user ${NOBODY}, expected root`;
    assert.throws(() => publishFile(file, 'page'), { message: `Cannot write ${file}: ${reason}` });
    chownSync(parent, 0, 0);
    chmodSync(parent, 0o777);
    assert.throws(() => publishFile(file, 'page'), /users other than root may write to it/);
    assert.deepEqual(readdirSync(directory), []);
  });
});

function made(directory: string): string {
  mkdirSync(directory);
  return directory;
}

function written(directory: string, name: string): string {
  writeFileSync(join(directory, name), name);
  return join(directory, name);
}

function linked(directory: string): string {
  symlinkSync(written(directory, 'precious'), join(directory, 'a'));
  return join(directory, 'a');
}

function piped(directory: string): string {
  execaSync('mkfifo', [join(directory, 'a')]);
  return join(directory, 'a');
}
