import assert from 'node:assert/strict';
import { readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { before, describe, test } from 'node:test';
import { execa } from 'execa';
import { eventually } from '../../lab/commands.ts';

const DIRECTORY = 'examples/two-nodes';
const NODES = ['node-a', 'node-b'];
const RELAY = 'dist/wgkex-relay';
/** What one of the parts prints, from the first line to the last. */
const PART = [
  /node A sees node B at .*/,
  /node-a pings 10\.0\.0\.2 +5 of 5 answered, [\d.]+ ms on average/,
  /node-b pings 10\.0\.0\.1 +5 of 5 answered, [\d.]+ ms on average/,
  /the page +Node A greets 10\.0\.0\.2 through the tunnel\./,
  /without the tunnel +no page at 172\.25\.0\.10/,
  /a large file +52 MB at [1-9]\d* Mbit\/s/,
  /node A +received [\d.]+ MB, sent [5-9]\d\.\d MB/,
];

// Each test leaves to the next one what it leaves to a user: the image, the keys, and what --keep keeps.
describe('./try', { timeout: 600_000 }, () => {
  let keys: readonly string[] = [];

  before(() => rm(`${DIRECTORY}/keys`, { recursive: true, force: true }));

  test('succeeds from nothing, with plain UDP and through the relay, and removes its containers', async () => {
    assert.equal(await run('docker', 'image', 'ls', '--quiet'), '');
    await assertSuccess();
    assert.deepEqual(await listRemains(), []);
    keys = await readKeys();
  });

  test('made the keys and the configurations with them readable by their owner alone', async () => {
    for (const node of NODES) {
      const files = await readdir(`${DIRECTORY}/keys/${node}`);
      assert.deepEqual(files.sort(), ['private.key', 'public.key', 'wg0.conf']);
      for (const file of files) assert.equal(await readMode(`${DIRECTORY}/keys/${node}/${file}`), '600');
    }
    assert.equal(new Set(keys).size, NODES.length);
  });

  test('succeeds a second time, with the same keys, and keeps the nodes with --keep', async () => {
    await assertSuccess('--keep');
    assert.deepEqual(await readKeys(), keys);
    assert.equal((await listRemains()).length, 7, 'six containers and a network');
  });

  test('gives the nodes NET_ADMIN alone, and the relays nothing', async () => {
    for (const service of [...NODES, 'web', 'client', 'relay-server', 'relay-client']) {
      const format = '{{.HostConfig.Privileged}} {{.HostConfig.CapAdd}} {{.HostConfig.CapDrop}}';
      const added = NODES.includes(service) ? '[NET_ADMIN]' : '[]';
      const dropped = service.startsWith('relay') ? '[ALL]' : '[]';
      assert.equal(await inspect(service, format), `false ${added} ${dropped}`, service);
    }
    assert.equal(await runIn('relay-server', 'id', '--user', '--name'), 'nobody');
  });

  test('succeeds again after compose took down what --keep had kept', async () => {
    await run('docker-compose', '--file', `${DIRECTORY}/compose.yaml`, 'down');
    await assertSuccess();
    assert.deepEqual(await readKeys(), keys);
  });
});

describe('the nodes', { timeout: 300_000 }, () => {
  before(async () => {
    const { exitCode, stderr } = await attempt('--keep', 'udp');
    assert.equal(exitCode, 0, stderr);
  });

  test('use the WireGuard of the kernel, or wireguard-go if there is none', async () => {
    for (const node of NODES) {
      const { stdout, stderr } = await execa('docker', ['logs', await find(node)]);
      const [, ...afterKernel] = `${stdout}\n${stderr}`.split('ip link add wg0 type wireguard');
      const isKernel = (await attemptIn(node, 'test', '-e', '/sys/class/net/wg0/tun_flags')).exitCode !== 0;
      assert.equal(afterKernel.length, 1);
      assert.equal(afterKernel.join().includes('wireguard-go'), !isKernel);
    }
  });

  test('have their keys and their tunnel again after a restart', async () => {
    const keys = await readKeys();
    for (const node of NODES) await run('docker', 'restart', '--time', '1', await find(node));
    await eventually('both nodes are healthy', async () => await haveHealth('healthy'));
    assert.deepEqual(await readKeys(), keys);
    for (const node of NODES) {
      const key = await readFile(`${DIRECTORY}/keys/${node}/public.key`, 'utf8');
      assert.equal(await runIn(node, 'wg', 'show', 'wg0', 'public-key'), key.trim());
    }
  });

  test('have no page for a client that goes around the tunnel', async () => {
    const fetchPage = ['curl', '-sS', '--fail', '--max-time', '3', 'http://10.0.0.1/'];
    await run('docker-compose', '--file', `${DIRECTORY}/compose.yaml`, 'restart', 'web', 'client');
    await eventually('the page is there', async () => (await attemptIn('client', ...fetchPage)).exitCode === 0);
    const route = ['10.0.0.1/32', 'via', '172.25.0.10'];
    await runIn('node-b', 'ip', 'route', 'add', ...route);
    assert.match((await attemptIn('client', ...fetchPage)).stderr, /timed out/);
    await runIn('node-b', 'ip', 'route', 'del', ...route);
    assert.match(await runIn('client', ...fetchPage), /10\.0\.0\.2/);
  });

  test('are unhealthy if the last handshake is too old', async () => {
    const wg =
      'mkdir /tmp/old && printf \'#!/bin/sh\\necho "key\t%s"\' $((EPOCHSECONDS - 180)) >/tmp/old/wg && chmod +x /tmp/old/wg';
    await runIn('node-a', 'bash', '-c', wg);
    const { exitCode, stdout } = await attemptIn('node-a', 'bash', '-c', 'PATH=/tmp/old:$PATH /opt/node/check');
    assert.equal(exitCode, 1);
    assert.match(stdout, /^the last handshake was 18\d s ago, expected less than 180 s$/);
  });

  test('become unhealthy when the tunnel is cut, and ./try fails with one sentence', async () => {
    await runIn('node-b', 'nft', '--file', '/opt/node/block-udp.nft');
    await eventually('both nodes are unhealthy', async () => await haveHealth('unhealthy'));
    const { exitCode, stderr } = await attempt('udp');
    assert.equal(exitCode, 1);
    assert.equal(stderr, 'try: node-a is unhealthy: no answer to a ping of 10.0.0.2 through the tunnel');
    assert.deepEqual(await listRemains(), []);
  });
});

describe('the README', { timeout: 120_000 }, () => {
  test('has commands that show the same by hand, and take everything down', async () => {
    const text = await readFile(`${DIRECTORY}/README.md`, 'utf8');
    const [, commands = ''] = text.match(/^## By hand\n\n```sh\n([\s\S]*?)^```/m) ?? [];
    // They are meant for a terminal.
    const script = commands.replaceAll(' exec ', ' exec -T ');
    const { exitCode, stdout, stderr } = await execa('bash', ['-ec', script], { cwd: DIRECTORY, reject: false });
    assert.equal(exitCode, 0, stderr);
    assert.equal(stdout.match(/^Node A greets 10\.0\.0\.2 through the tunnel\.$/gm)?.length, 2, stdout);
    assert.match(stdout, /latest handshake: /);
    assert.deepEqual(await listRemains(), []);
  });
});

describe('./try, if it is ended early,', { timeout: 120_000 }, () => {
  test('removes its containers', async () => {
    const running = execa(`${DIRECTORY}/try`, ['udp'], { reject: false });
    await eventually('a node runs', async () => (await find('node-a')) !== '');
    running.kill('SIGTERM');
    assert.equal((await running).exitCode, 143);
    assert.deepEqual(await listRemains(), []);
  });
});

describe('./try fails with one sentence', { timeout: 60_000 }, () => {
  test('without Docker', async () => {
    const { exitCode, stderr } = await attempt('udp', { DOCKER_HOST: 'unix:///run/none' });
    assert.equal(exitCode, 1);
    assert.match(stderr, /^try: Docker does not answer: .*$/);
  });

  test('without the relay', async () => {
    await rename(RELAY, `${RELAY}.away`);
    const { exitCode, stderr } = await attempt('relay');
    await rename(`${RELAY}.away`, RELAY);
    assert.equal(exitCode, 1);
    assert.equal(stderr, 'try: the relay is not built; in the top folder: bin/prepare && node build.mjs');
  });

  test('with an unknown argument', async () => {
    const { exitCode, stderr } = await attempt('tcp');
    assert.equal(exitCode, 2);
    assert.equal(stderr, 'try: unknown argument tcp; expected --keep, udp or relay');
  });
});

type Words = readonly (string | NodeJS.ProcessEnv)[];

/** Runs ./try to its end; an object among the words has more variables. */
async function attempt(...words: Words) {
  const args = words.filter((word) => typeof word === 'string');
  const env = Object.assign({}, ...words.filter((word) => typeof word !== 'string'));
  return execa(`${DIRECTORY}/try`, args, { env, reject: false });
}

/** Runs ./try, and checks what it prints. */
async function assertSuccess(...words: Words): Promise<void> {
  const { exitCode, stdout, stderr } = await attempt(...words);
  assert.equal(exitCode, 0, `${stdout}\n${stderr}`);
  const [udp = '', relay = ''] = stdout.split('With UDP blocked, through wgkex-relay:');
  for (const part of [udp, relay]) for (const line of PART) assert.match(part, line);
  assert.match(udp, /node A sees node B at +172\.25\.0\.20:51821/);
  assert.match(relay, /UDP +blocked[\s\S]*node A sees node B at +127\./);
  assert.match(relay, /^Everything worked\.$/m);
}

async function run(program: string, ...args: string[]): Promise<string> {
  return (await execa(program, args)).stdout;
}

async function attemptIn(service: string, ...words: string[]) {
  return execa('docker', ['exec', await find(service), ...words], { reject: false });
}

async function runIn(service: string, ...words: string[]): Promise<string> {
  return run('docker', 'exec', await find(service), ...words);
}

async function inspect(service: string, format: string): Promise<string> {
  return run('docker', 'inspect', '--format', format, await find(service));
}

/** A container by its service. */
async function find(service: string): Promise<string> {
  return run('docker', 'ps', '--all', '--quiet', '--filter', `label=com.docker.compose.service=${service}`);
}

async function haveHealth(state: string): Promise<boolean> {
  const states = await Promise.all(NODES.map((node) => inspect(node, '{{.State.Health.Status}}')));
  return states.every((each) => each === state);
}

/** All containers, and the networks that the engine does not have by itself. */
async function listRemains(): Promise<string[]> {
  const containers = await run('docker', 'ps', '--all', '--quiet');
  const networks = await run('docker', 'network', 'ls', '--quiet', '--filter', 'type=custom');
  return `${containers}\n${networks}`.split('\n').filter((line) => line !== '');
}

async function readKeys(): Promise<string[]> {
  return Promise.all(NODES.map((node) => readFile(`${DIRECTORY}/keys/${node}/private.key`, 'utf8')));
}

async function readMode(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o7777).toString(8);
}
