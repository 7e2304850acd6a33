import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { TIMES } from '../../src/join/daemon/options.ts';
import { isRestarting } from '../../src/tunnel/restart.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TUNNEL = '/usr/lib/wgkex-client/wgkex-tunnel';
/** Settings that say what a service may do. */
const LIMITS =
  /^(?:Capability|Ambient|NoNew|Protect|Private|Device|Restrict|Lock|System|Keyring|UMask|Tasks|Memory|ReadOnly)\w*=(?:.*)$/gm;
const read = (path: string) => readFile(join(ROOT, path), 'utf8');
const readLimits = async (path: string) =>
  new Set(
    [...(await read(path)).matchAll(LIMITS)].map(([line]) => line).filter((line) => !line.startsWith('RestartP')),
  );

describe('wgkex-join@.service', () => {
  test('is as hardened as wgkex.service, except for what wgkex-tunnel needs', async () => {
    const [own, other] = await Promise.all(
      ['wgkex-join@.service', 'wgkex.service'].map((name) => readLimits(`systemd/${name}`)),
    );
    assert.deepEqual(
      [...(other ?? [])].filter((line) => !own?.has(line)),
      [],
    );
    assert.deepEqual(
      [...(own ?? [])].filter((line) => !other?.has(line)),
      ['DeviceAllow=/dev/net/tun rw'],
    );
  });

  test('has the same further settings from systemd 257 on, except for what wgkex-tunnel needs', async () => {
    const [own, other] = await Promise.all(
      ['wgkex-client', 'wgkex'].map((name) => readLimits(`systemd/${name}.hardening`)),
    );
    assert.ok((own?.size ?? 0) > 5);
    assert.deepEqual(
      [...(own ?? [])].filter((line) => !other?.has(line)),
      [],
    );
    assert.deepEqual(
      [...(other ?? [])].filter((line) => !own?.has(line)),
      ['PrivateDevices=yes'],
    );
  });

  test('gives wgkex-join time to end by itself, whatever hangs', async () => {
    const [, seconds] = (await read('systemd/wgkex-join@.service')).match(/^TimeoutStopSec=(\d+)$/m) ?? [];
    assert.ok(Number(seconds) >= TIMES.stop + 5, seconds);
    // As it does then: its tunnel goes down.
    assert.equal(isRestarting('success', '0'), false);
  });

  test('passes on how it ended, and is not started again where wgkex-tunnel expects that', async () => {
    const unit = await read('systemd/wgkex-join@.service');
    const passed = ['result $' + '{SERVICE_RESULT}', 'status $' + '{EXIT_STATUS}'];
    assert.ok(unit.includes(`\nExecStopPost=+${TUNNEL} --down %i --${passed.join(' --')}\n`));
    const [, statuses = ''] = unit.match(/^RestartPreventExitStatus=(.*)$/m) ?? [];
    assert.equal(statuses, '2 78');
    for (let status = 1; status < 256; status++)
      assert.equal(isRestarting('exit-code', `${status}`), !statuses.split(' ').includes(`${status}`), `${status}`);
  });
});

describe('the rules for sudo', () => {
  for (const [own, other] of [
    ['wgkex-client', 'wgkex'],
    ['wgkex-client-sudo', 'wgkex-sudo'],
  ] as const)
    test(`${own} are those of ${other}, for another user and another program`, async () => {
      const rename = (rules: string) =>
        rules
          .replaceAll('/usr/lib/wgkex/wgkex-handler', TUNNEL)
          .replaceAll(/^wgkex /gm, 'wgkex-client ')
          .replaceAll('Defaults:wgkex ', 'Defaults:wgkex-client ');
      const rules = async (name: string) => (await read(`sudoers.d/${name}`)).match(/^[^#].*/gm) ?? [];
      assert.deepEqual(await rules(own), rename((await rules(other)).join('\n')).split('\n'));
    });

  test('satisfy sudo', async () => {
    for (const name of ['wgkex-client', 'wgkex-client-sudo']) {
      const words = ['--check', '--strict', `--file=${join(ROOT, 'sudoers.d', name)}`];
      const { exitCode, all } = await execa('visudo', words, { reject: false, all: true });
      assert.equal(exitCode, 0, all);
    }
  });
});

test('the units satisfy systemd', { skip: !existsSync(TUNNEL) && 'wgkex-client is not installed here' }, async () => {
  const units = ['wgkex-join@members.service', 'wgkex-socks@members.service'];
  const { exitCode, stderr } = await execa('systemd-analyze', ['verify', '--man=no', ...units], { reject: false });
  assert.deepEqual([exitCode, stderr], [0, '']);
});
