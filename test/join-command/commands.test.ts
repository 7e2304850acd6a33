import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { formatTunnelFile, parseTunnelFile } from '../../src/core/client/configuration/tunnel-file.ts';
import { parseInstanceName } from '../../src/core/client/instance.ts';
import { buildTunnelConfig } from '../../src/core/leases/tunnel-config.ts';
import { parseIpAddress } from '../../src/core/values/ip-address.ts';
import { parsePublicKey } from '../../src/core/values/public-key.ts';
import { writeAccepted } from '../../src/system/client/store/accepted.ts';
import { readInstance } from '../../src/system/client/store/instances.ts';
import { readCredentials, readPrivateKey, readPublicKey } from '../../src/system/client/store/secrets.ts';
import { runJoin, runOnTerminal } from './command.ts';
import { readLines, readSymbol } from './qr-reader.ts';

const NAME = parseInstanceName('commands');
const TOML = `/etc/wgkex-client/${NAME}.toml`;
const SECRETS = `/var/lib/wgkex-client/${NAME}`;
const LOCK = `/var/lib/wgkex-client/wg-${NAME}.lock`;
const CODE = 'k7f2mqxa-abcdefghijklmnopqrstuvwxyz';
const SET_UP = [NAME, '--gateway', 'gw1.example.org', '--domain', 'members', '--token-file', '-'];
const CONFIG = buildTunnelConfig({
  addresses: { address4: parseIpAddress('10.66.0.5'), address6: undefined },
  publicKey: parsePublicKey('xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg='),
  endpoint: 'vpn.example.org:51820',
  allowedIps: ['10.66.0.0/24'],
  dns: [],
  mtu: 1420,
  expires: 1_798_761_599,
  relay: 'vpn.example.org:443',
});

// In a lab /etc and /var are copies, and systemd is not running.
describe('wgkex-join', {
  skip: process.env['LAB_PID'] === undefined && 'it changes /etc and /var, so only in a lab',
}, () => {
  test('writes nothing with a code that is wrong', async () => {
    const { status, stderr } = await runJoin(SET_UP, CODE.slice(1));
    assert.deepEqual([status, stderr.split('\n').length], [1, 2]);
    assert.match(stderr, /^wgkex-join: Cannot read the access code: .* found 33$/m);
    assert.deepEqual([existsSync(TOML), existsSync(SECRETS)], [false, false]);
  });

  test('sets a tunnel up, and keeps the secret instead of the token', async () => {
    const { status, stdout, stderr } = await runJoin(SET_UP, CODE);
    assert.deepEqual([status, stderr], [0, '']);
    assert.match(stdout, /^commands is set up; systemd is not running here; start it with: wgkex-join run commands\n$/);
    assert.equal(readCredentials(NAME).id, 'k7f2mqxa');
    const modes = [TOML, SECRETS, join(SECRETS, 'credentials'), join(SECRETS, 'private-key')].map(findMode);
    assert.deepEqual(modes, [0o644, 0o700, 0o600, 0o600]);
    for (const file of [TOML, join(SECRETS, 'credentials')])
      assert.ok(!readFileSync(file, 'utf8').includes('abcdefghijklmnopqrstuvwxyz'));
  });

  test('refuses to set it up again, unless something is to be changed', async () => {
    const before = readPublicKey(NAME);
    const { status, stderr } = await runJoin([NAME]);
    assert.equal(status, 1);
    assert.match(stderr, /^wgkex-join: Cannot set up commands: it is set up already .*\n$/);
    assert.equal((await runJoin([NAME, '--proxy-only', '--sample', '2'])).status, 0);
    const { traffic, sample, domain } = readInstance(NAME);
    assert.deepEqual([traffic, sample, domain], ['proxy', 2, 'members']);
    assert.deepEqual([readCredentials(NAME).id, readPublicKey(NAME)], ['k7f2mqxa', before]);
  });

  test('keeps the key for another token of the same lease, and makes one for another lease', async () => {
    const before = readPublicKey(NAME);
    await runJoin([NAME, '--token-file', '-'], CODE.replace('abc', 'cba'));
    assert.equal(readPublicKey(NAME), before);
    await runJoin([NAME, '--token-file', '-'], CODE.replace('k7f2', 'aaaa'));
    assert.equal(readCredentials(NAME).id, 'aaaamqxa');
    assert.notEqual(readPublicKey(NAME), before);
  });

  test('replaces the key, and says what the operator must do', async () => {
    const before = readPublicKey(NAME);
    const { status, stdout } = await runJoin([NAME, '--new-key']);
    assert.equal(status, 0);
    assert.ok(stdout.includes(readPublicKey(NAME)) && stdout.includes('wgkex lease release aaaamqxa'));
    assert.notEqual(readPublicKey(NAME), before);
  });

  test('exports nothing before the tunnel was up', async () => {
    const { status, stdout, stderr } = await runJoin(['export', NAME]);
    assert.deepEqual([status, stdout], [1, '']);
    assert.match(stderr, /^wgkex-join: Cannot export commands: it has not been up yet; .*\n$/);
  });

  test('exports a file for one reader, never over another one', async () => {
    const endpoint = { address: parseIpAddress('192.0.2.1'), port: 51_820 };
    writeAccepted(NAME, { gateway: 'gw1.example.org:10012', via: 'udp', endpoint, config: CONFIG, at: 1_790_000_000 });
    const expected = formatTunnelFile(parseTunnelFile(CONFIG), readPrivateKey(NAME));
    const { stdout, stderr } = await runJoin(['export', NAME]);
    assert.equal(stdout, expected);
    assert.match(stderr, /^A lease is for one device at a time: /);
    assert.equal((await runJoin(['export', NAME, '--output', '/tmp/phone.conf'])).status, 0);
    assert.deepEqual([readFileSync('/tmp/phone.conf', 'utf8'), findMode('/tmp/phone.conf')], [expected, 0o600]);
    writeFileSync('/tmp/phone.conf', 'mine');
    const again = await runJoin(['export', NAME, '--output', '/tmp/phone.conf']);
    assert.deepEqual(
      [again.status, again.stderr],
      [1, 'wgkex-join: Cannot write /tmp/phone.conf: file already exists\n'],
    );
    assert.equal(readFileSync('/tmp/phone.conf', 'utf8'), 'mine');
  });

  test('shows the private key on a terminal only as a QR code, if there is room for one', async () => {
    const key = readPrivateKey(NAME);
    const shown = await runOnTerminal(['export', NAME], 80);
    assert.ok(shown.status === 2 && !shown.output.includes(key));
    assert.match(shown.output, /^wgkex-join: The private key would stay in this terminal: .*--help\n$/);
    const narrow = await runOnTerminal(['export', NAME, '--qr'], 50);
    assert.deepEqual([narrow.status, narrow.output.split('\n').length], [1, 2]);
    const { status, output } = await runOnTerminal(['export', NAME, '--qr'], 80);
    const lines = output.split('\n').filter((line) => line.startsWith('\x1b['));
    assert.equal(status, 0);
    assert.ok(readSymbol(readLines(lines)).includes(`PrivateKey = ${key}\n`));
  });

  test('status says that nothing runs, with status 1', async () => {
    const { status, stdout } = await runJoin(['status', NAME]);
    assert.equal(status, 1);
    assert.match(stdout, /^commands: not running\n {2}wgkex-join does not run for it\n/);
    const { tunnels } = JSON.parse((await runJoin(['status', '--json', NAME])).stdout);
    assert.deepEqual([tunnels.length, tunnels[0].up, tunnels[0].traffic], [1, false, 'proxy']);
  });

  test('the doctor finds what is wrong', async () => {
    const { status, stdout } = await runJoin(['doctor', NAME, '--json']);
    const { sound, checks }: Report = JSON.parse(stdout);
    const own = new Map(checks.filter(({ tunnel }) => tunnel === NAME).map(({ check, state }) => [check, state]));
    assert.deepEqual([status, sound, own.get('credentials'), own.get('tunnel')], [1, false, 'ok', 'wrong']);
    const codes = checks.flatMap(({ findings }) => findings.map(({ code }) => code));
    assert.ok(codes.includes('not-running') && !codes.includes('check-failed'), codes.join(' '));
  });

  test('leaves nothing', async () => {
    const { status, stdout } = await runJoin(['leave', NAME]);
    assert.equal(status, 0);
    assert.match(stdout, /^commands is gone from this machine/);
    assert.deepEqual([existsSync(TOML), existsSync(SECRETS), existsSync(LOCK)], [false, false, false]);
    const again = await runJoin(['leave', NAME]);
    assert.deepEqual([again.status, again.stderr.split('\n').length], [1, 2]);
  });
});

interface Report {
  readonly sound: boolean;
  readonly checks: readonly {
    readonly tunnel: string | null;
    readonly check: string;
    readonly state: string;
    readonly findings: readonly { readonly code: string }[];
  }[];
}

function findMode(path: string): number {
  return statSync(path).mode & 0o777;
}
