import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const FILES = fileURLToPath(new URL('files', import.meta.url));
const EXAMPLE = join(FILES, 'as-example.yaml');
const TOML = readFileSync(join(FILES, 'as-example.toml'), 'utf8');
const NOTES = [
  'logging_config: nothing but the level of root; wgkex logs to the journal',
  'mqtt.tls: without TLS wgkex connects only to this machine or a private network, by its address: give the broker TLS at port 8883, then remove the # before [mqtt] and its settings',
  'mqtt.password: goes to a file of its own: install -m 0640 -g wgkex /dev/stdin /etc/wgkex/mqtt.password',
  'mqtt.keepalive: wgkex has its own, 10 seconds',
];

const directory = mkdtempSync(join(tmpdir(), 'wgkex-import-'));
after(() => rmSync(directory, { recursive: true }));

describe('wgkex import-ffmuc', { concurrency: true, timeout: 300_000 }, () => {
  test('prints the configuration, and what it could not carry over on standard error', async () => {
    const stderr = NOTES.map((note) => `wgkex: ${note}\n`).join('');
    assert.deepEqual(await call(EXAMPLE, '--host', 'gw04.in.example.org'), { status: 0, stdout: TOML, stderr });
  });

  test('prints JSON for a program', async () => {
    const { status, stdout, stderr } = await call('--json', EXAMPLE, '--host', 'gw04.in.example.org');
    assert.deepEqual([status, stderr], [0, '']);
    const { configuration, notes } = JSON.parse(stdout);
    assert.equal(configuration, TOML);
    assert.deepEqual(
      notes.map(({ setting, text }: Record<string, string>) => `${setting}: ${text}`),
      NOTES,
    );
  });

  test('takes the name of this host by default', async () => {
    const { stdout: host } = await execa('uname', ['-n']);
    assert.match((await call(EXAMPLE)).stderr, new RegExp(`^wgkex: workers: ${host} is not among them`, 'm'));
  });

  const good = readFileSync(EXAMPLE);
  const path = (name: string, bytes: Uint8Array) => {
    writeFileSync(join(directory, name), bytes);
    return join(directory, name);
  };
  test('takes a file of 65536 bytes', async () => {
    const padded = Buffer.concat([good, Buffer.from(`#${'x'.repeat(65_535 - good.length)}`)]);
    assert.equal((await call(path('just', padded), '--host', 'gw04.in.example.org')).stdout, TOML);
  });

  const REFUSED: readonly (readonly [name: string, path: string, reason: string])[] = [
    ['a file that is not there', '/nowhere', 'Cannot read /nowhere: no such file or directory'],
    ['a directory', directory, `Cannot read ${directory}: illegal operation on a directory`],
    ['a file without an end', '/dev/zero', '/dev/zero: expected at most 65536 bytes, found more'],
    [
      'bytes that are not UTF-8',
      path('latin1', Buffer.from('a: \xe4', 'latin1')),
      `${directory}/latin1: expected UTF-8, found other bytes`,
    ],
    [
      'what is not YAML',
      path('broken', Buffer.from('a: [')),
      `${directory}/broken: line 1, column 5: expected YAML, found a mistake (bad indent)`,
    ],
    [
      'another configuration',
      path('other', Buffer.from('domains: 1')),
      `${directory}/other: domains: expected a list of domains, found 1`,
    ],
  ];
  for (const [name, file, reason] of REFUSED) {
    test(`refuses ${name} in one line, status 1`, async () => {
      assert.deepEqual(await call(file), { status: 1, stdout: '', stderr: `wgkex: ${reason}\n` });
    });
  }

  test('refuses a host that topics cannot have, status 2', async () => {
    const { status, stdout, stderr } = await call(EXAMPLE, '--host', 'a/b');
    assert.deepEqual([status, stdout], [2, '']);
    assert.match(stderr, /^wgkex: Cannot use "a\/b" in topics: .*\n$/);
  });
});

async function call(...args: readonly string[]) {
  const options = { cwd: ROOT, reject: false, stripFinalNewline: false } as const;
  const { exitCode, stdout, stderr } = await execa(process.execPath, ['dist/wgkex', 'import-ffmuc', ...args], options);
  return { status: exitCode, stdout, stderr };
}
