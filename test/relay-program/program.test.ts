import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { version } from '../../package.json';
import { buildProgram } from '../../src/relay/program.ts';

const PROGRAM = fileURLToPath(new URL('../../dist/wgkex-relay', import.meta.url));
const ADDRESS = 'expected an address and a port such as "127.0.0.1:51820" or "[::]:443"';
const SERVER = 'expected a server such as "gw.example.org:443" or "[2001:db8::1]:443"';

describe('the complaint about a wrong command line says what was expected:', () => {
  const CASES: readonly [words: string, complaint: string][] = [
    ['--fast', "unknown option '--fast'"],
    ['serve', "unknown command 'serve'"],
    ['server', "required option '--to <address>' not specified"],
    ['server --listen [::]:443', "required option '--to <address>' not specified"],
    ['server --to', "option '--to <address>' argument missing"],
    ['server --to gw.example.org:51820', `Cannot use "gw.example.org:51820": ${ADDRESS}`],
    ['server --to 127.0.0.1', `Cannot use "127.0.0.1": ${ADDRESS}`],
    ['server --to 127.0.0.1:51820 --listen 443', `Cannot use "443": ${ADDRESS}`],
    ['server --to 127.0.0.1:51820 --connections 0', 'Expected a number from 1 to 100000'],
    ['server --to 127.0.0.1:51820 --connections many', 'Expected a number from 1 to 100000'],
    ['server --to 127.0.0.1:51820 --exempt here', 'expected a network such as "2001:db8::/32"'],
    ['server --to 127.0.0.1:51820 --log-addresses some', 'Allowed choices are full, prefix, none'],
    ['server --to 127.0.0.1:51820 more', 'too many arguments'],
    ['client --to gw.example.org:443', "required option '--listen <address>' not specified"],
    ['client --listen 127.0.0.1:51821 --to gw.example.org', `Cannot use "gw.example.org": ${SERVER}`],
    ['client --listen localhost:51821 --to gw.example.org:443', `Cannot use "localhost:51821": ${ADDRESS}`],
  ];
  for (const [words, complaint] of CASES)
    test(words, async () => {
      const program = buildProgram({ server: async () => {}, client: async () => {} });
      const isIt = ({ message }: Error) => message.includes(complaint);
      await assert.rejects(program.parseAsync(words.split(' '), { from: 'user' }), isIt);
    });
});

test('a wrong command line is one line on standard error, and status 2', async () => {
  const { status, stdout, stderr } = await run('server --to gw.example.org:51820');
  assert.deepEqual([status, stdout], [2, '']);
  assert.match(
    stderr,
    /^wgkex-relay: option '--to <address>' .* expected an address and .*; try wgkex-relay --help\n$/,
  );
});

test('without a command the help is on standard error, with status 2', async () => {
  const { status, stdout, stderr } = await run('');
  assert.deepEqual([status, stdout], [2, '']);
  assert.match(stderr, /^Usage: wgkex-relay/);
});

for (const words of ['--help', 'server --help', 'client --help'])
  test(`${words} fits a terminal of 80 columns`, async () => {
    const { status, stdout } = await run(words);
    assert.equal(status, 0);
    assert.deepEqual(
      stdout.split('\n').filter((line) => line.length > 80),
      [],
    );
  });

test('--version prints the version', async () => {
  assert.deepEqual(await run('--version'), { status: 0, stdout: `wgkex-relay ${version}\n`, stderr: '' });
});

test('a server without an address, and without a socket of systemd, says so', async () => {
  const { status, stderr } = await run('server --to 127.0.0.1:51820');
  assert.equal(status, 1);
  assert.match(stderr, /Cannot listen: expected --listen, or a socket from systemd.*cannot start/);
});

test('ports that are taken are errors that name them', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  t.after(() => taken.close());
  const address = taken.address();
  assert.ok(address !== null && typeof address !== 'string');
  const where = `127.0.0.1:${address.port}`;
  for (const words of [
    `server --listen ${where} --to 127.0.0.1:9`,
    `client --listen 127.0.0.9:${address.port} --to 127.0.0.1:9 --metrics ${where}`,
  ]) {
    const { status, stderr } = await run(words);
    assert.equal(status, 1);
    assert.ok(stderr.includes(`Cannot listen on ${where}: EADDRINUSE`), stderr);
  }
});

test('a server that systemd gives a socket serves it, with metrics on request, and ends at a signal', async (t) => {
  const listening = createServer().listen(0, '127.0.0.1');
  await once(listening, 'listening');
  t.after(() => listening.close());
  const address = listening.address();
  assert.ok(address !== null && typeof address !== 'string');
  const { fd } = (listening as unknown as { _handle: { fd: number } })._handle;
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const metrics = probe.address();
  assert.ok(metrics !== null && typeof metrics !== 'string');
  probe.close();
  const page = `127.0.0.1:${metrics.port}`;
  // As systemd does between fork and exec: it names the process that the socket is for.
  const script = `LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" server --to 127.0.0.1:9 --metrics ${page}`;
  const child = spawn('sh', ['-c', script, PROGRAM], { stdio: ['ignore', 'ignore', 'pipe', fd] });
  t.after(() => child.kill('SIGKILL'));
  let log = '';
  child.stderr?.on('data', (chunk) => {
    log += chunk;
  });
  await waitFor(() => log.includes('relay listening'));
  assert.ok(log.includes(`"on":"127.0.0.1:${address.port}"`), log);
  const answer = await waitForPage(`http://${page}/metrics`);
  assert.match(answer, /^wgkex_relay_connections 0$/m);
  for (const reason of ['waiting', 'initiations', 'form', 'target', 'disconnected'])
    assert.ok(answer.includes(`wgkex_relay_dropped_total{reason="${reason}"} 0`), answer);
  assert.equal((await fetch(`http://${page}/`)).status, 404);
  child.kill('SIGTERM');
  const [status] = await once(child, 'exit');
  assert.equal(status, 0);
  assert.match(log, /"msg":"stopping"/);
});

async function run(words: string) {
  const child = spawn(PROGRAM, words === '' ? [] : words.split(' '), { stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { status, stdout, stderr };
}

async function waitFor(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** The log says that the server listens shortly before the metrics are there. */
async function waitForPage(url: string): Promise<string> {
  for (;;) {
    const response = await fetch(url).catch(() => undefined);
    if (response !== undefined) return response.text();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
