import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PACKAGES = { wgkex: [], relay: ['--relay'], client: ['--client'] } as const;
const directory = mkdtempSync(join(tmpdir(), 'wgkex-install-'));
const files = { wgkex: [] as string[], relay: [] as string[], client: [] as string[] };

before(async () => {
  for (const [name, options] of Object.entries(PACKAGES))
    files[name as keyof typeof files] = await install(name, options);
});
after(() => rmSync(directory, { recursive: true }));

describe('bin/install', () => {
  test('gives no file to two packages', () => {
    const all = Object.values(files).flat();
    assert.ok(files.wgkex.length > 50);
    assert.equal(new Set(all).size, all.length);
  });

  test('gives the relay its program, its units, its documents, and nothing else', () => {
    assert.deepEqual(
      files.relay.filter((file) => !file.includes('wgkex-relay')),
      [],
    );
    assert.equal(files.relay.length, 11);
  });

  test('gives the client its programs, its units, its rules, its documents, and nothing else', () => {
    assert.deepEqual(
      files.client.filter((file) => !/wgkex-(client|join|tunnel|socks)/.test(file)),
      [],
    );
    assert.equal(files.client.length, 19);
  });

  test('gives the package wgkex nothing of the other two but their documents, to which others link', () => {
    const others = files.wgkex.filter((file) => /relay|wgkex-(join|tunnel|socks|client)/.test(file));
    assert.deepEqual(others, ['/usr/share/doc/wgkex/docs/relay.md']);
  });

  test('makes programs executable, and rules for sudo readable for root alone', async () => {
    const modes = await Promise.all(files.client.map(async (file) => [file, await readMode(file)] as const));
    const programs = modes.filter(([, mode]) => mode === 0o755).map(([file]) => file);
    assert.deepEqual(programs, [
      '/usr/bin/wgkex-join',
      ...['harden', 'wgkex-socks', 'wgkex-tunnel'].map((name) => `/usr/lib/wgkex-client/${name}`),
    ]);
    const others = modes.filter(([, mode]) => mode !== 0o755 && mode !== 0o644);
    assert.deepEqual(others, [['/etc/sudoers.d/wgkex-client', 0o440]]);
  });

  for (const words of [['--relay', '--uninstall'], ['--client', 'x'], ['--server']])
    test(`refuses ${words.join(' ')}`, async () => {
      const { exitCode, stderr } = await execa(join(ROOT, 'bin/install'), words, { reject: false });
      assert.deepEqual([exitCode, stderr.split(';')[0]], [2, `bin/install: unexpected argument ${words.at(-1)}`]);
    });
});

describe('the package wgkex-client', () => {
  const readScript = (end: string) => readFile(join(ROOT, `debian/wgkex-client.${end}`), 'utf8');
  const patterns = () =>
    files.client
      .flatMap((file) => file.match(/\/system\/(.*)@\.service$/)?.[1] ?? [])
      .map((name) => `'${name}@*.service'`);

  for (const [end, what] of [
    ['postinst', 'restarts'],
    ['prerm', 'stops'],
    ['postrm', 'clears away'],
  ] as const)
    test(`${what} each of its units`, async () => {
      const script = await readScript(end);
      assert.equal(patterns().length, 2);
      for (const pattern of patterns()) assert.ok(script.includes(pattern), pattern);
    });

  test('has the same triggers as the package wgkex', async () => {
    const [own, other] = [await readScript('triggers'), await readFile(join(ROOT, 'debian/wgkex.triggers'), 'utf8')];
    assert.deepEqual(own.match(/^interest.*/gm), other.match(/^interest.*/gm));
  });
});

async function install(name: string, options: readonly string[]): Promise<string[]> {
  const root = join(directory, name);
  await execa(join(ROOT, 'bin/install'), [...options, '--root', root]);
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const found = entries.filter((entry) => !entry.isDirectory());
  return found.map((entry) => join(entry.path, entry.name).slice(root.length)).sort();
}

async function readMode(file: string): Promise<number> {
  return (await stat(join(directory, 'client', file))).mode & 0o777;
}
