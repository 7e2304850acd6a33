import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const skip = process.getuid?.() === 0 ? false : 'SKIPPED: needs root, as only root may run the cleanup';
const PROGRAM = fileURLToPath(new URL('../../dist/wgkex-cleanup', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'wgkex-cleanup-'));
after(() => rmSync(directory, { recursive: true }));

const state = join(directory, 'state');
const stateFile = join(state, 'ffww01.json');
const STATE = '{"version":1,"marks":{}}\n';
mkdirSync(state);
writeFileSync(stateFile, STATE);
const config = join(directory, 'wgkex.toml');
writeFileSync(
  config,
  `state_directory = "${state}"
runtime_directory = "${directory}/run"
[domains.ffww01]
wireguard = "nosuchwg1"
vxlan = "nosuchvx1"
[domains.ffww02]
wireguard = "nosuchwg2"
vxlan = "nosuchvx2"
`,
);

describe('the cleanup', { concurrency: true, timeout: 60_000, skip }, () => {
  const MISUSES = [
    ['without a domain', [], /expected one domain, or --all/],
    ['with a domain that is not configured, in control bytes', ['\x1b[31m'], /domain "\\u001b\[31m" is not in \//],
  ] as const;
  for (const [name, args, reason] of MISUSES) {
    test(`${name} prints one line that says what is wrong, and exits with status 2`, async () => {
      const { status, stderr } = await cleanUp(...args);
      assert.equal(status, 2);
      assert.match(stderr, /^wgkex-cleanup: [^\n]+; try wgkex-cleanup --help\n$/);
      assert.match(stderr, reason);
    });
  }

  test('fails for each domain whose interface is missing, names it, and leaves the state untouched', async () => {
    const { status, stderr } = await cleanUp('--all');
    assert.equal(status, 1);
    const reasons = stderr.match(/Cannot serve domain \w+: WireGuard interface \w+ does not exist/g);
    assert.deepEqual(reasons, [
      'Cannot serve domain ffww01: WireGuard interface nosuchwg1 does not exist',
      'Cannot serve domain ffww02: WireGuard interface nosuchwg2 does not exist',
    ]);
    assert.equal(readFileSync(stateFile, 'utf8'), STATE);
    assert.deepEqual(readdirSync(state), ['ffww01.json']);
  });
});

async function cleanUp(...args: readonly string[]) {
  const child = spawn(PROGRAM, ['--config', config, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 30_000,
  });
  const status = new Promise<number | null>((resolve) => child.on('close', resolve));
  const stderr = await text(child.stderr);
  return { status: await status, stderr };
}
