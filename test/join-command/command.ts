import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../dist/wgkex-join', import.meta.url));

/** Runs `wgkex-join`, as it was built, to its end. */
export async function runJoin(words: readonly string[], input = '') {
  const child = spawn(PROGRAM, words, {
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
  const command = [`stty cols ${columns};`, PROGRAM, ...words].join(' ');
  const child = spawn('script', ['-qec', command, '/dev/null'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [output, status] = await Promise.all([
    text(child.stdout),
    new Promise((resolve) => child.once('close', resolve)),
  ]);
  return { status, output: output.replaceAll('\r\n', '\n') };
}
