import assert from 'node:assert/strict';
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { attempt, sh } from '../../lab/commands.ts';
import { makeKeyPair } from '../../lab/operator.ts';

const { publicKey: KEY } = makeKeyPair('a router');
const NAMESPACE = 'bare';
const ROOT = '/run/bare';

/** A machine with Node and `wgkex`, but nothing that wgkex needs: no programs, no configuration, no interfaces. */
before(async () => {
  await sh('ip', 'netns', 'add', NAMESPACE);
  for (const directory of ['bin', 'sbin', 'config']) await mkdir(`${ROOT}/${directory}`, { recursive: true });
  await writeFile(`${ROOT}/bin/node`, '');
  await copyFile('/usr/bin/wgkex', `${ROOT}/bin/wgkex`);
});
after(async () => {
  await rm(ROOT, { recursive: true });
  await sh('ip', 'netns', 'delete', NAMESPACE);
});

const MISSING = 'Cannot read /etc/wgkex/wgkex.toml: no such file or directory';

describe('with nothing installed yet', () => {
  const CALLS = [
    [['status'], 78, MISSING],
    [['check'], 78, MISSING],
    [['peers'], 78, MISSING],
    [['peers', 'ffww01', '--json'], 78, MISSING],
    [['watch', '--json'], 78, MISSING],
    [['show', KEY], 78, MISSING],
    [['add', 'ffww01', KEY], 78, MISSING],
    [['remove', 'ffww01', KEY, '--dry-run'], 78, MISSING],
    [['block', KEY], 78, MISSING],
    [['unblock', KEY], 78, MISSING],
    [['exchange', '127.0.0.1', 'ffww01'], 1, 'Cannot ask 127.0.0.1, port 10012: network is unreachable'],
  ] as const;
  for (const [args, status, reason] of CALLS) {
    test(`wgkex ${args.join(' ')} prints one clear line`, async () => {
      assert.deepEqual(await callBare(args), { status, stdout: '', stderr: `wgkex: ${reason}` });
    });
  }

  test('wgkex derive needs nothing', async () => {
    const { status, stdout, stderr } = await callBare(['derive', KEY]);
    assert.deepEqual([status, stderr, stdout.split('\n').length], [0, '', 4]);
  });
});

describe('with only a configuration', () => {
  before(() => writeFile(`${ROOT}/config/wgkex.toml`, '[domains.ffww01]\nwireguard = "wgww01"\nvxlan = "vxww01"\n'));

  const reason = 'Cannot read the peers of ffww01: Cannot run wg show wgww01 dump: there is no /usr/bin/wg';
  for (const args of [['peers'], ['show', KEY]]) {
    test(`wgkex ${args[0]} names the missing program`, async () => {
      assert.deepEqual(await callBare(args), { status: 1, stdout: '', stderr: `wgkex: ${reason}` });
    });
  }

  const wireguard = 'ffww01: Cannot serve domain ffww01: WireGuard interface wgww01 does not exist';
  const flock = 'Cannot run flock --exclusive --timeout 4 …: there is no /usr/bin/flock';
  for (const [args, reason] of [
    [['add', 'ffww01', KEY], wireguard],
    [['remove', 'ffww01', KEY], wireguard],
    [['block', KEY], flock],
    [['unblock', KEY], flock],
  ] as const) {
    test(`wgkex ${args[0]} names the missing program or interface`, async () => {
      assert.deepEqual(await callBare(args), { status: 1, stdout: '', stderr: `wgkex: ${reason}` });
    });
  }

  test('wgkex status names the missing program', async () => {
    const stderr = 'wgkex: Cannot run ip -json -details link …: there is no /usr/sbin/ip';
    assert.deepEqual(await callBare(['status']), { status: 1, stdout: '', stderr });
  });

  test('wgkex check names all missing programs, with their packages', async () => {
    const { status, stdout, stderr } = await callBare(['check', '--json']);
    const [, { findings }] = JSON.parse(stdout).checks;
    assert.deepEqual([status, stderr], [1, '']);
    const remedies = findings.map(({ remedy }: { remedy: string }) =>
      remedy.replace('apt-get install --reinstall ', ''),
    );
    assert.deepEqual(remedies, ['wireguard-tools', 'iproute2', 'iproute2', 'util-linux', 'sudo']);
  });
});

test('with no domain configured yet, every command that needs one says so', async () => {
  await writeFile(`${ROOT}/config/wgkex.toml`, '');
  const stderr = 'wgkex: Cannot find a domain: none is configured in /etc/wgkex/wgkex.toml';
  for (const args of [
    ['status'],
    ['peers'],
    ['watch', '--json'],
    ['show', KEY],
    ['add', 'ffww01', KEY],
    ['block', KEY],
  ])
    assert.deepEqual(await callBare(args), { status: 1, stdout: '', stderr }, args[0]);
  const { status, stdout } = await callBare(['check', '--json']);
  const [{ check, findings }, programs] = JSON.parse(stdout).checks;
  assert.deepEqual([status, check], [1, 'configuration']);
  assert.equal(findings[0].problem, 'no domain is configured in /etc/wgkex/wgkex.toml');
  assert.equal(programs.findings.length, 5, 'check still looks at the rest');
});

/** Runs the command with nothing else within reach. */
async function callBare(args: readonly string[]) {
  const mounts = [
    `mount --bind /usr/bin/node ${ROOT}/bin/node`,
    `mount --bind ${ROOT}/config /etc/wgkex`,
    `mount --bind ${ROOT}/sbin /usr/sbin`,
    `mount --rbind ${ROOT}/bin /usr/bin`,
  ];
  const script = `${mounts.join(' && ')} && exec /usr/bin/wgkex "$@"`;
  const { exitCode, stdout, stderr } = await attempt(NAMESPACE, 'sh', ['-c', script, 'sh', ...args]);
  return { status: exitCode, stdout, stderr };
}
