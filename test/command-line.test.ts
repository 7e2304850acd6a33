import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { closeSync, fstatSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { version } from '../package.json';

const PROGRAM = fileURLToPath(new URL('../dist/wgkex-listen', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'wgkex-command-line-'));
after(() => rmSync(directory, { recursive: true }));
const badConfig = join(directory, 'bad.toml');
writeFileSync(badConfig, 'listne = 1');

describe('a program that is called', { concurrency: true, timeout: 60_000 }, () => {
  test('with --help prints its usage and exits with status 0', async () => {
    const { status, stdout, stderr } = await call(['--help', '--config', badConfig]);
    assert.deepEqual([status, stderr], [0, '']);
    assert.match(stdout, /^Usage: wgkex-listen \[--config PATH\]\n/);
    assert.match(stdout, /--config PATH {2}read this configuration instead of \/etc\/wgkex\/wgkex\.toml\n/);
  });

  test('with --version prints the version and exits with status 0', async () => {
    assert.deepEqual(await call(['--version']), { status: 0, stdout: `wgkex-listen ${version}\n`, stderr: '' });
  });

  test('with an unknown option prints one line and exits with status 2', async () => {
    const { status, stdout, stderr } = await call(['--verbose']);
    assert.deepEqual([status, stdout], [2, '']);
    assert.match(stderr, /^wgkex-listen: .*--verbose.*; try wgkex-listen --help\n$/);
  });

  test('with a bad configuration prints one line and exits with status 78', async () => {
    const reason = `${badConfig}: listne: expected a known setting, found 1`;
    assert.deepEqual(await call(['--config', badConfig]), {
      status: 78,
      stdout: '',
      stderr: `wgkex-listen: ${reason}\n`,
    });
  });

  test('by systemd with a bad configuration logs an error to the journal', async () => {
    const journal = join(directory, 'journal');
    const file = openSync(journal, 'w');
    const { dev, ino } = fstatSync(file);
    const { status } = await call(['--config', badConfig], file, { JOURNAL_STREAM: `${dev}:${ino}` });
    closeSync(file);
    assert.equal(status, 78);
    assert.match(readFileSync(journal, 'utf8'), /^<3>wgkex-listen: [^\n]+\n$/);
  });
});

/** Runs the listener, which exits by itself in all of these cases. */
async function call(args: readonly string[], stderr: number | 'pipe' = 'pipe', env: NodeJS.ProcessEnv = {}) {
  const child = spawn(PROGRAM, args, {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', stderr],
    timeout: 30_000,
  });
  const status = new Promise<number | null>((resolve) => child.on('close', resolve));
  const [printed, complained] = await Promise.all([
    child.stdout === null ? '' : text(child.stdout),
    child.stderr === null ? '' : text(child.stderr),
  ]);
  return { status: await status, stdout: printed, stderr: complained };
}
