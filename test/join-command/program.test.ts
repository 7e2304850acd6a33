import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { version } from '../../package.json';
import { runJoin } from './command.ts';

describe('the complaint about a wrong command line is one line that says what was expected:', {
  concurrency: 2,
}, () => {
  const CASES: readonly [words: string, complaint: string][] = [
    ['--fast', "unknown option '--fast'"],
    ['Members', 'wgkex-join: Cannot use "Members" as a name'],
    // An access code in its place is a secret.
    [`${'A'.repeat(26)}.${'b'.repeat(43)}`, 'wgkex-join: Cannot use a text of 70 characters as a name: expected'],
    ['members more', 'too many arguments: expected 1 argument but got 2;'],
    [
      'members --gateway a,,b',
      'wgkex-join: --gateway: Cannot use "" as a gateway: expected HOST, HOST:PORT or [IPV6]:PORT;',
    ],
    ['members --over-tcp sometimes', '--over-tcp: Allowed choices are auto, always, never;'],
    ['members --sample 0', '--sample: expected a number from 1 to 16;'],
    ['members --token-file', "option '--token-file <file>' argument missing"],
    ['members --new-key --all-traffic', '--new-key changes nothing but the key'],
    ['down', "missing required argument 'name'"],
    ['down Members', 'wgkex-join: Cannot use "Members" as a name'],
    ['export members --qr --output f', "option '--qr' cannot be used with option '--output <file>'"],
    ['status --gateway a', "unknown option '--gateway'"],
  ];
  for (const [words, complaint] of CASES)
    test(words, async () => {
      const { status, stdout, stderr } = await run(words);
      assert.deepEqual([status, stdout], [2, '']);
      assert.match(stderr, /^wgkex-join: .*; try wgkex-join --help\n$/);
      assert.ok(stderr.includes(complaint), stderr);
    });
});

test('without a name the help is on standard error, with status 2', async () => {
  const { status, stdout, stderr } = await run('');
  assert.deepEqual([status, stdout], [2, '']);
  assert.match(stderr, /^Usage: wgkex-join NAME --gateway/);
});

for (const words of ['--help', 'status --help', 'export --help', 'doctor --help'])
  test(`${words} fits a terminal of 80 columns`, async () => {
    const { status, stdout } = await run(words);
    assert.equal(status, 0);
    const wide = stdout.split('\n').filter((line) => line.length > 80);
    assert.deepEqual(wide, []);
  });

test('--version is on standard output', async () => {
  assert.deepEqual(await run('--version'), { status: 0, stdout: `wgkex-join ${version}\n`, stderr: '' });
});

function run(words: string) {
  return runJoin(words.split(' ').filter((word) => word !== ''));
}
