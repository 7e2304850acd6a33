import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { version } from '../../package.json';

const skip = process.getuid?.() === 0 ? false : 'SKIPPED: needs root, as only root may run wgkex-tunnel';
const PROGRAM = fileURLToPath(new URL('../../dist/wgkex-tunnel', import.meta.url));
const BEGIN = '{"type":"begin","name":"nosuchtunnel"}\n';

describe('wgkex-tunnel', { concurrency: true, timeout: 60_000, skip }, () => {
  test('with --help prints its usage, in which every option stands', async () => {
    const { status, stdout, stderr } = await call(['--help']);
    assert.deepEqual([status, stderr], [0, '']);
    assert.match(stdout, /^Usage: wgkex-tunnel\n/);
    for (const option of ['down', 'result', 'status', 'help', 'version']) assert.ok(stdout.includes(`--${option}`));
  });

  test('with --version prints the version', async () => {
    assert.deepEqual(await call(['--version']), { status: 0, stdout: `wgkex-tunnel ${version}\n`, stderr: '' });
  });

  const MISUSES = [
    ['with a file', ['--config', '/etc/passwd'], /--config/],
    ['with a word', ['members'], /members/],
    ['with a name that is a path', ['--down', '../../etc'], /Cannot use "\.\.\/\.\.\/etc" as a name/],
    ['without a name', ['--down'], /--down/],
  ] as const;
  for (const [name, args, reason] of MISUSES)
    test(`${name} prints one line that says what is wrong, and exits with status 2`, async () => {
      const { status, stdout, stderr } = await call(args);
      assert.deepEqual([status, stdout], [2, '']);
      assert.match(stderr, /^wgkex-tunnel: [^\n]+; try wgkex-tunnel --help\n$/);
      assert.match(stderr, reason);
    });

  test('leaves the tunnel of a service that starts again', async () => {
    const { status, stderr } = await call(['--down', 'nosuchtunnel', '--result', 'signal', '--status', 'KILL']);
    assert.deepEqual([status, stderr], [0, '']);
  });

  test('ends with its input, with status 0', async () => {
    assert.deepEqual(await call([]), { status: 0, stdout: '{"type":"ready"}\n', stderr: '' });
  });

  test('says what it refuses, and goes on', async () => {
    const { status, stdout, stderr } = await call([], `${BEGIN}{"type":"ticket","id":1}\n{"type":"ticket","id":2}\n`);
    assert.equal(status, 0);
    const [, first = '', second = ''] = stdout.split('\n');
    const reason = 'Cannot read /etc/wgkex-client/nosuchtunnel.toml: no such file or directory';
    assert.deepEqual(JSON.parse(first), { type: 'ticket', id: 1, refused: reason });
    assert.deepEqual(JSON.parse(second), { type: 'ticket', id: 2, refused: reason });
    const logged = readLog(stderr);
    assert.deepEqual(
      logged.map(({ msg, what, reason: said, times }) => [msg, what, said, times]),
      [
        ['failed', 'ticket', reason, undefined],
        ['failed again', 'ticket', reason, 1],
      ],
    );
  });

  test('ends with status 1 and one line at the first line that is not a request', async () => {
    const { status, stdout, stderr } = await call([], `${BEGIN}nonsense\n{"type":"ticket","id":1}\n`);
    assert.deepEqual([status, stdout], [1, '{"type":"ready"}\n']);
    const logged = readLog(stderr).map(({ msg, reason }) => [msg, reason]);
    assert.deepEqual(logged, [['tunnel helper ended', 'Cannot read request: not JSON']]);
  });

  test('is not ended by a signal', async () => {
    const child = spawn(PROGRAM);
    const lines = createInterface({ input: child.stdout });
    await once(lines, 'line');
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGTSTP'] as const)
      child.kill(signal);
    child.stdin.write(`${BEGIN}{"type":"ticket","id":1}\n`);
    const [reply] = await once(lines, 'line');
    assert.match(String(reply), /"id":1/);
    child.stdin.end();
    assert.deepEqual(await once(child, 'close'), [0, null]);
  });
});

async function call(args: readonly string[], input = '') {
  const child = spawn(PROGRAM, args);
  // The program may end before it has read everything.
  child.stdin.on('error', () => {}).end(input);
  const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { status: status as number, stdout, stderr };
}

function readLog(stderr: string): { msg: string; what?: string; reason?: string; times?: number }[] {
  const lines = stderr.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line));
}
