import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import type { InstanceName } from '../../src/core/client/instance.ts';
import { endOthers } from '../../src/tunnel/end-others.ts';

const NAME = 'members' as InstanceName;
const SLICE = '/system.slice/system-wgkex\\x2djoin.slice';

describe('the end of a service', { concurrency: true, timeout: 30_000 }, () => {
  test('ends what is left in it, also what hangs, but not its own process', async (t) => {
    const { places, child } = await prepare(t, `${SLICE}/wgkex-join@members.service`);
    child.kill('SIGSTOP');
    endOthers(NAME, places);
    assert.deepEqual(await once(child, 'exit'), [null, 'SIGKILL']);
    // Nobody is left, and systemd may have removed the group.
    endOthers(NAME, places);
    endOthers(NAME, { ...places, cgroups: '/nowhere' });
  });

  for (const group of [`${SLICE}/wgkex-join@others.service`, '/user.slice/user-0.slice/session-1.scope', '/'])
    test(`ends nothing if it is called in ${group}`, async (t) => {
      const { places, child } = await prepare(t, group);
      endOthers(NAME, places);
      child.kill('SIGTERM');
      assert.deepEqual(await once(child, 'exit'), [null, 'SIGTERM']);
    });
});

/** Files like those of the kernel, for a group with this process, one that cannot be seen, and a child. */
async function prepare(t: TestContext, group: string) {
  const directory = mkdtempSync(join(tmpdir(), 'wgkex-cgroup-'));
  const child = spawn('sleep', ['60']);
  t.after(() => {
    child.kill('SIGKILL');
    rmSync(directory, { recursive: true });
  });
  await once(child, 'spawn');
  mkdirSync(join(directory, group), { recursive: true });
  writeFileSync(join(directory, group, 'cgroup.procs'), `0\n${process.pid}\n${child.pid}\n`);
  const own = join(directory, 'own');
  writeFileSync(own, `1:name=systemd:${group}\n0::${group}\n`);
  return { places: { cgroups: directory, own }, child };
}
