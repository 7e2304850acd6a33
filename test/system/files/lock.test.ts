import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { DomainName } from '../../../src/core/values/names.ts';
import { type Lock, takeDomainLock } from '../../../src/system/files/lock.ts';

const skip = process.getuid?.() === 0 ? false : 'SKIPPED: needs root, as locks are kept only in directories of root';
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'wgkex-lock-'));
after(() => rmSync(directory, { recursive: true }));
const domain = (name: string) => name as DomainName;

describe('the lock of a domain', { concurrency: true, timeout: 30_000, skip }, () => {
  test('is held by one at a time', async () => {
    const first = await takeDomainLock(directory, domain('one'));
    let hasSecond = false;
    const second = takeDomainLock(directory, domain('one')).then((lock) => {
      hasSecond = true;
      return lock;
    });
    await pause(300);
    assert.equal(hasSecond, false);
    first.release();
    (await second).release();
  });

  test('is never held by two at once, however many want it', async () => {
    let inside = 0;
    const enter = async () => {
      const lock = await takeInTheEnd(domain('many'));
      inside++;
      assert.equal(inside, 1);
      await pause(5);
      assert.equal(inside, 1);
      inside--;
      lock.release();
    };
    await Promise.all(Array.from({ length: 8 }, enter));
  });

  test('does not lock another domain', async () => {
    const locks = await Promise.all([takeDomainLock(directory, domain('a')), takeDomainLock(directory, domain('b'))]);
    for (const lock of locks) lock.release();
  });

  test('is free again when its holder dies', async (t) => {
    const holder = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', HOLDER, directory], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.after(() => kill(holder));
    await once(holder.stdout, 'data');
    let isFree = false;
    const taken = takeDomainLock(directory, domain('dying')).then((lock) => {
      isFree = true;
      return lock;
    });
    await pause(200);
    assert.equal(isFree, false);
    kill(holder);
    (await taken).release();
  });

  test('is a file that only root can open, in a directory that is created for it', async () => {
    const missing = join(directory, 'missing');
    const lock = await takeDomainLock(missing, domain('one'));
    lock.release();
    assert.equal(statSync(join(missing, 'one.lock')).mode & 0o777, 0o600);
  });

  test('that is removed is no lock for those that wait for it: they share a new one', async () => {
    const [first, path] = [await takeDomainLock(directory, domain('gone')), join(directory, 'gone.lock')];
    const waiting = takeDomainLock(directory, domain('gone'));
    await pause(300);
    first.remove();
    const second = await waiting;
    await assert.rejects(takeDomainLock(directory, domain('gone')), /another process has held it for 4 s/);
    second.remove();
    assert.ok(!existsSync(path));
  });

  test('is never taken through a link in its place', async () => {
    const target = join(directory, 'target');
    symlinkSync(target, join(directory, 'linked.lock'));
    await assert.rejects(takeDomainLock(directory, domain('linked')), { code: 'ELOOP' });
    assert.ok(!existsSync(target));
  });
});

/** Takes the lock at the second attempt or a later one, where a busy machine does not get to it within the 4 s of one. */
async function takeInTheEnd(name: DomainName): Promise<Lock> {
  for (;;) {
    try {
      return await takeDomainLock(directory, name);
    } catch (error) {
      assert.match(String(error), /another process has held it for 4 s/);
    }
  }
}

const HOLDER = `
import { takeDomainLock } from ${JSON.stringify(join(ROOT, 'src/system/files/lock.ts'))};
await takeDomainLock(process.argv[1], 'dying');
process.stdout.write('locked');
setInterval(() => {}, 1000);
`;

function kill(child: ChildProcess): void {
  child.kill('SIGKILL');
}
