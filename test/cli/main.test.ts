import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { execa } from 'execa';
import { version } from '../../package.json';
import { buildProgram } from '../../src/cli/program.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const KEY = 'o52Ge+Rpj4CUSitVag9mS7pSXUesNM0ESnvj/wwehkg=';
/** Of Freifunk Westerwald. */
const SEED = 'e19361a1699eb286a61d6527df161bf219eab47e6274029b35dc403c6df6d1ed';

describe('the operator command', { concurrency: true, timeout: 300_000 }, () => {
  const WRONG_CALLS = [
    ['with an unknown command', ['stat'], "unknown command 'stat' (Did you mean one of static, status?)"],
    ['with an unknown option', ['status', '--al\x1b'], "unknown option '--al\\u001b'"],
    [
      'with one word too many',
      ['status', 'ffww01'],
      "too many arguments for 'status'. Expected 0 arguments but got 1.",
    ],
    [
      'with both --html and --json',
      ['status', '--html', 'x', '--json', '--config', '/nowhere'],
      '--html and --json are mutually exclusive',
    ],
    ['with --yes but not --fix', ['check', '--yes'], '--yes is only for --fix'],
    [
      'with --fix and another configuration',
      ['check', '--fix', '--config', '/nowhere'],
      '--fix is only for /etc/wgkex/wgkex.toml',
    ],
    ['without a required argument', ['show'], "missing required argument 'router'"],
    [
      'with an invalid key',
      ['derive', KEY.slice(1)],
      `Cannot use "${KEY.slice(1)}" as a public key: expected 32 bytes in base64`,
    ],
    ['without anything to derive from', ['derive'], 'expected either a public key or --vni with a domain seed'],
    [
      'with both a key and a seed to derive from',
      ['derive', KEY, '--vni', SEED],
      'expected either a public key or --vni with a domain seed',
    ],
    [
      'with an invalid seed',
      ['derive', '--vni', 'ffww'],
      'Cannot use "ffww" as a domain seed: expected 64 hexadecimal digits',
    ],
    [
      'with both --vni and --variant',
      ['derive', '--vni', SEED, '--variant', 'gluon'],
      "option '--vni <seed>' cannot be used with option '--variant <name>'",
    ],
    [
      'with an invalid router',
      ['show', 'a\x1b'],
      'Cannot look for "a\\u001b": expected a public key, its first 4 characters or more, an IP address, a MAC address, or a part of a name',
    ],
    [
      'with an invalid gateway',
      ['exchange', 'a:b', 'ffww01'],
      'Cannot use "a:b" as a gateway: expected HOST, HOST:PORT or [IPV6]:PORT',
    ],
    [
      'with an invalid key to block',
      ['block', `${KEY}\n`],
      `Cannot use "${KEY}\\n" as a public key: expected 32 bytes in base64`,
    ],
    ['with a key but no domain to add it to', ['add', KEY], "missing required argument 'key'"],
    [
      'with an invalid domain',
      ['exchange', 'a', 'FF'],
      'Cannot use "FF" as a domain: expected a lower-case name such as "ffww01"',
    ],
  ] as const;
  for (const [name, args, reason] of WRONG_CALLS) {
    test(`${name} prints one line about the mistake, status 2`, async () => {
      assert.deepEqual(await call(args), { status: 2, stdout: '', stderr: `wgkex: ${reason}; try wgkex --help` });
    });
  }

  test('without arguments lists the commands on standard error, status 2', async () => {
    const { status, stdout, stderr } = await call([]);
    assert.deepEqual([status, stdout], [2, '']);
    for (const command of buildProgram().commands) assert.match(stderr, new RegExp(`^  ${command.name()} `, 'm'));
  });

  test('with --version prints the version', async () => {
    assert.deepEqual(await call(['--version']), { status: 0, stdout: `wgkex ${version}`, stderr: '' });
  });

  test('with --help prints help, whether before or after a command', async () => {
    const { status, stdout, stderr } = await call(['--help']);
    assert.deepEqual([status, stderr], [0, '']);
    for (const command of buildProgram().commands) assert.match(stdout, new RegExp(`^  ${command.name()} `, 'm'));
    assert.match((await call(['peers', '-h'])).stdout, /^Usage: wgkex peers \[options\] \[domain\]\n/);
  });

  test('with a bad configuration gives the reason in one line, status 78', async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'wgkex-main-'));
    t.after(() => rm(directory, { recursive: true }));
    const path = join(directory, 'wgkex.toml');
    await writeFile(path, '{ "name": "wgkex" }\n');
    const { status, stdout, stderr } = await call(['status', '--config', path]);
    assert.deepEqual([status, stdout], [78, '']);
    assert.match(stderr, /^wgkex: [^\n]*wgkex\.toml[^\n]*$/);
  });

  test('derives the addresses of a key, for a person and for a program', async () => {
    const gluon = { variant: 'gluon', mac: '02:68:63:f3:89:12', address: 'fe80::268:63ff:fef3:8912' };
    const { stdout } = await call(['derive', KEY, '--variant', 'gluon']);
    assert.equal(stdout, `DERIVATION  MAC ADDRESS        ADDRESS\ngluon       ${gluon.mac}  ${gluon.address}`);
    const { key, derivations } = JSON.parse((await call(['--json', 'derive', KEY])).stdout);
    assert.equal(key, KEY);
    assert.deepEqual(
      derivations.map(({ variant }: { variant: string }) => variant),
      ['eui64', 'ffmuc', 'gluon'],
    );
    assert.deepEqual(derivations[2], gluon);
  });
});

describe('derive --vni', { concurrency: true, timeout: 300_000 }, () => {
  test('shows the number that each Gluon package derives', async () => {
    const { status, stdout, stderr } = await call(['derive', '--vni', SEED]);
    assert.deepEqual([status, stderr], [0, '']);
    assert.deepEqual(stdout.split('\n'), [
      '    VNI  LABEL                 GLUON PACKAGE',
      '4641648  gluon-mesh-vpn-vxlan  ffmuc-mesh-vpn-wireguard-vxlan',
      '4094207  gluon-mesh-vxlan      gluon-mesh-vpn-wireguard',
    ]);
  });

  test('prints the numbers for a program', async () => {
    const { stdout } = await call(['derive', '--json', '--vni', SEED.toUpperCase()]);
    const { domain_seed, vnis } = JSON.parse(stdout);
    assert.equal(domain_seed, SEED);
    assert.deepEqual(vnis[0], {
      vni: 4_641_648,
      label: 'gluon-mesh-vpn-vxlan',
      firmware: 'ffmuc-mesh-vpn-wireguard-vxlan',
    });
  });
});

describe('colour', { concurrency: true, timeout: 300_000 }, () => {
  const CASES = [
    ['is used on a terminal', true, {}, true],
    ['is not used if NO_COLOR is set', true, { NO_COLOR: '1' }, false],
    ['is not used on a terminal without colours', true, { TERM: 'dumb' }, false],
    ['is not used in a pipe', false, {}, false],
  ] as const;
  for (const [name, isTerminal, env, expected] of CASES) {
    test(name, async () => {
      const { stdout } = isTerminal ? await callOnTerminal(env) : await call(['derive', KEY], env);
      assert.match(stdout, /DERIVATION/);
      assert.equal(stripVTControlCharacters(stdout) !== stdout, expected);
    });
  }
});

async function call(args: readonly string[], env: Record<string, string> = {}) {
  const words = ['dist/wgkex', ...args];
  const { exitCode, stdout, stderr } = await execa(process.execPath, words, {
    cwd: ROOT,
    env: { PATH: process.env['PATH'] ?? '', ...env },
    extendEnv: false,
    reject: false,
  });
  return { status: exitCode, stdout, stderr };
}

function callOnTerminal(env: Record<string, string>) {
  const line = `${process.execPath} dist/wgkex derive ${KEY}`;
  const options = { cwd: ROOT, extendEnv: false, env: { PATH: process.env['PATH'] ?? '', TERM: 'xterm', ...env } };
  return execa('script', ['--quiet', '--return', '--command', line, '/dev/null'], options);
}
