import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { follow } from '../../../src/system/run/follow.ts';
import { hasHung, ProgramError } from '../../../src/system/run/program-error.ts';
import { run, runOn, runWithLine } from '../../../src/system/run/run.ts';

const directory = mkdtempSync(join(tmpdir(), 'wgkex-run-'));
after(() => rmSync(directory, { recursive: true }));
const lock = join(directory, 'lock');

/** Of the programs that may be run, flock is the one that can run any other program. */
const shell = (script: string) => ['--no-fork', lock, 'sh', '-c', script];
const runShell = (script: string, input?: string) => run('flock', shell(script), input);

test('the output of a program is returned', async () => {
  assert.equal(await runShell('printf "a\\nb\\n"'), 'a\nb\n');
});

test('a program gets its input', async () => {
  assert.equal(await runShell('cat', 'a\nb\n'), 'a\nb\n');
  assert.equal(await runShell('cat'), '');
});

test('a program opens /dev/stdin, and reads the line there as it is', async () => {
  const line = 'a $HOME `id` "b" \\c';
  assert.equal(await runWithLine('flock', shell('cat /dev/stdin'), line), `${line}\n`);
  await assert.rejects(run('flock', shell('cat /dev/stdin'), line), /No such device or address/);
  const error = await runWithLine('flock', shell('echo no; exit 3'), line).catch((failure) => failure);
  assert.ok(error instanceof ProgramError);
  assert.equal(error.exitCode, 3);
  assert.match(error.message, /^Cannot run flock --no-fork .*: exit status 3$/);
});

test('a program gets an open file as its input', async (t) => {
  const path = join(directory, 'input');
  writeFileSync(path, 'from a file');
  const stdin = openSync(path, 'r');
  t.after(() => closeSync(stdin));
  await runOn(stdin, 'flock', shell('test "$(cat)" = "from a file"'));
  const error = await runOn(stdin, 'flock', shell('exit 3')).then(
    () => assert.fail('it did not fail'),
    (failure) => failure,
  );
  assert.equal(error.exitCode, 3);
  assert.match(error.message, /^Cannot run flock .*: exit status 3$/);
});

test('a program inherits nothing', async (t) => {
  process.env['WGKEX_TEST'] = 'inherited';
  t.after(() => delete process.env['WGKEX_TEST']);
  const environment = (await runShell('pwd; env')).split('\n');
  assert.equal(environment[0], '/');
  assert.ok(environment.includes('PATH=/usr/sbin:/usr/bin:/sbin:/bin'));
  assert.ok(environment.includes('LC_ALL=C.UTF-8'));
  assert.ok(!environment.some((line) => /^(WGKEX_TEST|HOME|NODE_|LD_)/.test(line)));
});

test('output that was not read in time is an error, although its program exited with status 0', async () => {
  const script = `import { run } from '${new URL('../../../src/system/run/run.ts', import.meta.url)}';
const running = run('flock', ${JSON.stringify(shell('echo something'))}).then(
  (output) => console.log('printed', output),
  ({ message }) => console.log(message),
);
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5500);
await running;`;
  const words = ['--import', 'tsx', '--input-type=module', '--eval', script];
  const { stdout } = await promisify(execFile)(process.execPath, words);
  assert.match(stdout, /^Cannot run flock .*: timed out after 5 s$/m);
});

test('a program that fails causes an error with its message, in one bounded line', async () => {
  const error = await failureOf('echo "it is \x1b[31mbad" >&2; echo "very bad" >&2; exit 3');
  assert.equal(error.exitCode, 3);
  assert.equal(error.message, `Cannot run flock --no-fork ${lock} sh …: it is \\u001b[31mbad; very bad`);
  const talkative = await failureOf('yes | head -c 100000 >&2; exit 1');
  assert.ok(talkative.message.length < 400);
});

test('a program that fails without a message causes an error with its status', async () => {
  assert.match((await failureOf('exit 4')).message, /: exit status 4$/);
});

test('a program that was killed causes an error with the signal and without an exit status', async () => {
  const error = await failureOf('kill -KILL $$');
  assert.equal(error.exitCode, undefined);
  assert.equal(error.message, `Cannot run flock --no-fork ${lock} sh …: ended by SIGKILL`);
});

async function failureOf(script: string): Promise<ProgramError> {
  try {
    await runShell(script);
  } catch (error) {
    assert.ok(error instanceof ProgramError);
    return error;
  }
  return assert.fail('it did not fail');
}

test('a program that does not end is killed after 5 s', async () => {
  const error = await failureOf('exec sleep 60');
  assert.equal(error.message, `Cannot run flock --no-fork ${lock} sh …: timed out after 5 s`);
  assert.ok(hasHung(error));
});

test('a program that prints more than 64 MB is killed', async () => {
  const error = await failureOf('head -c 70000000 /dev/zero; exec sleep 60');
  assert.match(error.message, /: stdout maxBuffer length exceeded$/);
  assert.equal(error.exitCode, undefined);
});

test('a program that ends before it has read its input is judged by its status', async () => {
  assert.equal(await runShell('echo done', 'x'.repeat(1_000_000)), 'done\n');
});

test('a program that cannot be started causes an error without a status', async () => {
  const error = await run('wg', ['x'.repeat(4_000_000)]).then(assert.fail, (failure) => failure);
  assert.ok(error instanceof ProgramError);
  assert.equal(error.exitCode, undefined);
  assert.match(error.message, /E2BIG/);
});

test('a program in the background reports its lines, and why it ended', async () => {
  const lines: string[] = [];
  const { ended } = follow('ip', ['-oneline', 'link', 'show', 'dev', 'lo'], (line) => lines.push(line));
  assert.equal(await ended, 'exit status 0');
  assert.match(lines.join('\n'), /^1: lo: .*$/);
});

test('a program in the background can be stopped', { timeout: 10_000 }, async () => {
  const { ended, stop } = follow('ip', ['monitor', 'link'], () => {});
  stop();
  assert.match(await ended, /SIGKILL/);
});
