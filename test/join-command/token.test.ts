import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { findTokenSource, readToken } from '../../src/join/commands/setup/token.ts';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const TOKEN = 'abcdefghijklmnopqrstuvwxyz';
const CODE = `k7f2mqxa-${TOKEN}`;
const READ = `import { readToken } from './src/join/commands/setup/token.ts';
  readToken(process.argv[1]).then(({ id, token }) => console.log(id + ' ' + token.length), ({ message }) => console.log(message));`;

describe('the access code', () => {
  test('comes from the file, else from the credential, else from the terminal', () => {
    const service = { CREDENTIALS_DIRECTORY: '/run/credentials/x' };
    assert.deepEqual(
      [findTokenSource('f', service), findTokenSource(undefined, service), findTokenSource(undefined, {})],
      ['f', '/run/credentials/x/token', undefined],
    );
  });

  test('is read from a file', async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'token-'));
    t.after(() => rmSync(directory, { recursive: true }));
    const path = join(directory, 'code');
    writeFileSync(path, `${CODE.toUpperCase()}\n`);
    assert.deepEqual(await readToken(path), { id: 'k7f2mqxa', token: TOKEN });
    writeFileSync(path, `${CODE}0\n`);
    await assert.rejects(readToken(path), ({ message }: Error) => !message.includes(TOKEN));
    writeFileSync(path, 'x'.repeat(2000));
    await assert.rejects(readToken(path), {
      message: `Cannot read ${path}: expected an access code, and nothing else`,
    });
    await assert.rejects(readToken('/dev/zero'), { message: /^Cannot read \/dev\/zero: expected/ });
    await assert.rejects(readToken(`${path}.no`), { message: `Cannot read ${path}.no: no such file or directory` });
    await assert.rejects(readToken(directory), {
      message: `Cannot read ${directory}: illegal operation on a directory`,
    });
  });

  test('is read from standard input', async () => {
    const { output } = await start('-', CODE);
    assert.equal(output, 'k7f2mqxa 26\n');
  });

  test('is not asked for without a terminal', async () => {
    const { output } = await start('', CODE);
    assert.match(output, /^Cannot ask for the access code without a terminal: give it by --token-file\n$/);
  });

  test('is asked for on a terminal, which does not show it', async () => {
    const { output } = await startOnTerminal(`${CODE}\r`);
    assert.match(output, /^Access code \(ID-TOKEN\): \r\nk7f2mqxa 26\r\n/);
    assert.ok(!output.includes(TOKEN));
  });

  test('is not needed after Ctrl-C', async () => {
    const { output } = await startOnTerminal('\x03');
    assert.match(output, /Cannot go on without the access code: nothing was changed\r\n$/);
  });
});

/** Reads a code in a process of its own; without a word it asks. */
async function start(word: string, input: string) {
  const words = ['--import', 'tsx', '--input-type=module', '--eval', READ, ...(word === '' ? [] : [word])];
  const child = spawn(process.execPath, words, { cwd: PROJECT, stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(input);
  return { output: await text(child.stdout) };
}

/** The same on a terminal, once it has asked. */
async function startOnTerminal(keys: string) {
  const command = `${process.execPath} --import tsx --input-type=module --eval "$READ"`;
  const env = { ...process.env, READ };
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    cwd: PROJECT,
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (data) => (output += data));
  while (!output.includes(': ')) await pause(20);
  child.stdin.write(keys);
  await new Promise((resolve) => child.once('close', resolve));
  return { output };
}
