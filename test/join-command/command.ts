import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../src/join/main.ts', import.meta.url));

/** Runs `wgkex-join` to its end. */
export function runJoin(words: readonly string[], input = '') {
  return run(process.execPath, ['--import', 'tsx', PROGRAM, ...words], input);
}

/** Runs the program that the lab has installed. */
export function runInstalled(words: readonly string[]) {
  return run('/usr/bin/wgkex-join', words, '');
}

async function run(program: string, words: readonly string[], input: string) {
  const child = spawn(program, words, {
    env: { ...process.env, COLUMNS: '80', NO_COLOR: '1' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // It may end before it has read everything.
  child.stdin.on('error', () => {}).end(input);
  const [stdout, stderr, status] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise((resolve) => child.once('close', resolve)),
  ]);
  return { status, stdout, stderr };
}

/** Runs it on a terminal with this number of columns; what it prints comes as one text. */
export async function runOnTerminal(words: readonly string[], columns: number) {
  const command = [`stty cols ${columns};`, process.execPath, '--import tsx', PROGRAM, ...words].join(' ');
  const child = spawn('script', ['-qec', command, '/dev/null'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [output, status] = await Promise.all([
    text(child.stdout),
    new Promise((resolve) => child.once('close', resolve)),
  ]);
  return { status, output: output.replaceAll('\r\n', '\n') };
}
