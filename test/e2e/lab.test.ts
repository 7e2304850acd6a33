import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe, test } from 'node:test';
import { execa } from 'execa';
import { Background, eventually } from '../../lab/commands.ts';
import { IS_ROOT_ALONE } from '../../lab/gateway.ts';

/** Prints by which number this side knows the lab, and stays. */
const STAY = `bin/lab sh -c 'echo "lab $LAB_PID"; sleep 1000'`;

describe('a lab', () => {
  test('has its own umask, PATH, language and time zone, and does not know the name of the machine', async () => {
    const look = `bin/lab sh -c 'umask; echo "$PATH" "$LANG" "$LC_ALL$TZ$CI"; grep -cw "$(uname -n)" /etc/hosts'`;
    const env = { PATH: '/usr/bin:/bin', LC_ALL: 'de_DE', TZ: 'Asia/Kathmandu', CI: '1' };
    const { stdout } = await execa('sh', ['-c', `umask 0002; ${look}`], { env, reject: false });
    const lines = stdout.split('\n').slice(-3);
    assert.deepEqual(lines, ['0022', '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin C.UTF-8 ', '0']);
  });

  // A shell that waits for a program ignores SIGINT.
  for (const [whose, line, signals] of [
    ['its own', `exec ${STAY}`, ['SIGINT', 'SIGTERM', 'SIGKILL']],
    ["its caller's", `${STAY}; true`, ['SIGTERM', 'SIGKILL']],
  ] as const) {
    for (const signal of signals) {
      test(`ends with ${whose} ${signal}`, async () => {
        const caller = new Background('sh', ['-c', line]);
        await eventually('the lab is there', () => /^lab \d+$/m.test(caller.stdout));
        const [, pid] = caller.stdout.match(/^lab (\d+)$/m) ?? [];
        assert.equal(existsSync(`/proc/${pid}`), true);
        await caller.stop(signal);
        await eventually('the lab is gone', () => !existsSync(`/proc/${pid}`));
      });
    }
  }

  const skip = IS_ROOT_ALONE && 'a user namespace has no other user';
  test('can be made by a user of a machine that has wgkex', { skip }, async () => {
    // The user could not enter where root has the project.
    const asUser = 'setpriv --reuid=wgkex --regid=wgkex --clear-groups bin/lab wgkex --version';
    const line = `mkdir -p /run/project && mount --bind . /run/project && cd /run/project && ${asUser}`;
    const { stdout } = await execa('unshare', ['--mount', 'sh', '-c', line]);
    assert.match(stdout, /^wgkex \d+\.\d+\.\d+$/m);
  });
});
