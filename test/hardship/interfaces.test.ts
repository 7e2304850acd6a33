import assert from 'node:assert/strict';
import { appendFile, mkdir, stat, writeFile } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import { exchange, makeKey } from '../../lab/client.ts';
import { attempt, eventually, sh } from '../../lab/commands.ts';
import { Gateway } from '../../lab/gateway.ts';
import { listHoldings, readHoldings } from '../../lab/holdings.ts';
import { connect, type KeyPair, lookUp, makeKeyPair } from '../../lab/operator.ts';

const MAX_RESTORES = 3;
const SECOND_LOOK_SECONDS = 900;
const PAGE_BYTES = 4096;
const ROUTERS = ['one', 'two', 'three', 'four'].map((name) => makeKeyPair(`a router that is alive: ${name}`));
const ROUTER_KEYS = ROUTERS.map(({ publicKey }) => publicKey);

test('a recreated VXLAN has the entries of all peers, before any pass and without a handshake', async (t) => {
  const gateway = await createGateway(t, 22);
  const pending = makeKey();
  assert.equal(await register(gateway, pending), 'OK\n');
  const before = await readAll(gateway);
  await gateway.run('ip', 'link', 'delete', gateway.vxlan());
  await gateway.addVxlan();
  const start = performance.now();
  await eventually('all entries are back', async () => (await gateway.entries()).length === 2 * (ROUTERS.length + 1));
  t.diagnostic(`the entries were back after ${((performance.now() - start) / 1000).toFixed(1)} s`);
  assert.deepEqual(await readAll(gateway), before, 'with the same sessions');
});

test('a WireGuard interface that goes down and up gets its routes back', async (t) => {
  const gateway = await createGateway(t, 23);
  const before = await readAll(gateway);
  for (const state of ['down', 'up']) await gateway.run('ip', 'link', 'set', gateway.wireguard(), state);
  const start = performance.now();
  const expected = ROUTER_KEYS.flatMap((key) => listHoldings(gateway, key)).sort();
  const isBack = async () =>
    expected.every((line) => before.holdings.includes(line)) && (await hasAll(gateway, expected));
  await eventually('all routes are back', isBack);
  t.diagnostic(`the routes were back after ${((performance.now() - start) / 1000).toFixed(1)} s`);
});

test('interfaces with an @ in their names are watched', async (t) => {
  const gateway = await createGateway(t, 24, '@');
  const before = await readAll(gateway);
  await gateway.run('ip', 'link', 'delete', gateway.vxlan());
  await gateway.addVxlan();
  await eventually('all entries are back', async () => (await gateway.entries()).length === 2 * ROUTERS.length);
  assert.deepEqual(await readAll(gateway), before);
});

test('after `wg syncconf` with a static peer in the file, right after an exchange, routers are back with the next request', async (t) => {
  const gateway = await createGateway(t, 25);
  const before = (await readAll(gateway)).holdings;
  assert.equal(await register(gateway, ROUTER_KEYS[0] ?? ''), 'OK\n');
  const statics = await syncConfiguration(gateway);
  const key = makeKey();
  assert.equal(await register(gateway, key), 'OK\n');
  const expected = [...before, ...listHoldings(gateway, key), statics].sort();
  assert.deepEqual(await readHoldings(gateway), expected);
});

test('after `wg syncconf` routers are back with the next pass, alive for it, for status and for metrics, and stay', async (t) => {
  const gateway = await createGateway(t, 26);
  const before = (await readAll(gateway)).holdings;
  await gateway.listener?.stop();
  const statics = await syncConfiguration(gateway);
  const now = Math.floor(Date.now() / 1000);
  const alive = new RegExp(`"alive":${ROUTERS.length},"marked":0,"waiting":0,"removed":0`);
  for (const seconds of [0, 1, 1 + SECOND_LOOK_SECONDS]) {
    const { stderr, exitCode } = await gateway.cleanUpAt(now + seconds);
    assert.equal(exitCode, 0, stderr);
    assert.match(stderr, alive);
    assert.doesNotMatch(stderr, /"heard":"never"/);
    assert.deepEqual(await readHoldings(gateway), [...before, statics].sort());
  }
  const peers = { alive: ROUTERS.length, idle: 0, stale: 0, pending: 0, static: 1 };
  const { document } = await lookUp(gateway, ['status'], { now: now + 1 });
  assert.deepEqual(document.domains[0].peers, peers);
  await gateway.configure({ metrics: { listen: '127.0.0.1:9998' } });
  assert.deepEqual(await readNumbers(gateway), { ...peers, entries: 2 * ROUTERS.length });
});

test('a router that does not connect is restored three times, and again once it has connected', async (t) => {
  const gateway = await createGateway(t, 27);
  const [router, ...others] = ROUTERS as [KeyPair, ...KeyPair[]];
  for (const { publicKey } of others) await removeByHand(gateway, publicKey, 'wgkex');
  const isBackAfterExchange = async () => {
    await removeByHand(gateway, router.publicKey);
    assert.equal(await register(gateway, makeKey()), 'OK\n');
    return (await gateway.findPeer(router.publicKey)) !== undefined;
  };
  for (let time = 0; time < MAX_RESTORES; time++) assert.equal(await isBackAfterExchange(), true);
  await connect(gateway, router);
  assert.equal(await register(gateway, makeKey()), 'OK\n');
  for (let time = 0; time < MAX_RESTORES; time++) assert.equal(await isBackAfterExchange(), true);
  assert.equal(await isBackAfterExchange(), false);
});

test('a record that cannot be written prevents restoring peers and admitting new ones', async (t) => {
  const gateway = await createGateway(t, 28);
  await gateway.listener?.stop();
  await fillRuntimeDirectory(gateway);
  await gateway.start();
  const [router, ...others] = ROUTER_KEYS;
  for (const key of ROUTER_KEYS) await removeByHand(gateway, key);
  for (const key of [...others, ...others]) assert.equal(await register(gateway, key), 'ERR: FAILED\n');
  assert.deepEqual(await gateway.peers(), []);
  assert.match(gateway.listener?.stderr ?? '', /Cannot write \/run\/wgkex\/gw28\/wg28ffww01\.record: /);
  await sh('rm', `/run/wgkex/${gateway.namespace}/ballast`);
  assert.equal(await register(gateway, router ?? ''), 'OK\n');
  assert.equal((await gateway.peers()).length, ROUTERS.length, 'now they are restored');
});

/** A gateway that keeps routes and serves, with four routers that are alive. */
async function createGateway(t: TestContext, number: number, suffix = ''): Promise<Gateway> {
  const gateway = await Gateway.create(number, [{ name: 'ffww01', settings: { route: true } }], suffix);
  t.after(() => gateway.close());
  await gateway.start();
  for (const router of ROUTERS) {
    assert.equal(await register(gateway, router.publicKey), 'OK\n', gateway.listener?.stderr);
    await connect(gateway, router);
  }
  return gateway;
}

function register(gateway: Gateway, key: string): Promise<string> {
  return exchange(gateway.address, 'ffww01', key);
}

/** All peers, entries and routes, and the counters that restart when a peer is removed and added. */
async function readAll(gateway: Gateway) {
  const sessions = (await gateway.peers()).map(
    ({ key, endpoint, lastHandshake }) => `${key} ${endpoint} ${lastHandshake}`,
  );
  return { holdings: await readHoldings(gateway), sessions: sessions.sort() };
}

async function hasAll(gateway: Gateway, expected: readonly string[]): Promise<boolean> {
  const holdings = await readHoldings(gateway);
  return expected.every((line) => holdings.includes(line));
}

/** Acts like a reload of wg-quick, with a file of one peer that has exactly its derived address. Returns its line. */
async function syncConfiguration(gateway: Gateway): Promise<string> {
  const [line = ''] = listHoldings(gateway, makeKey());
  const [, key, network] = line.split(' ');
  const file = `/run/${gateway.wireguard()}.conf`;
  const port = `ListenPort = ${gateway.wireguardPort()}`;
  const privateKey = `PrivateKey = ${await gateway.run('wg', 'show', gateway.wireguard(), 'private-key')}`;
  const text = `[Interface]\n${port}\n${privateKey}\n[Peer]\nPublicKey = ${key}\nAllowedIPs = ${network}\n`;
  await writeFile(file, text, { mode: 0o600 });
  await gateway.run('wg', 'syncconf', gateway.wireguard(), file);
  assert.deepEqual(
    (await gateway.peers()).map((peer) => peer.key),
    [key],
  );
  return line;
}

async function removeByHand(gateway: Gateway, key: string, program = 'wg'): Promise<void> {
  const words =
    program === 'wg' ? ['wg', 'set', gateway.wireguard(), 'peer', key, 'remove'] : ['wgkex', 'remove', 'ffww01', key];
  const [first = '', ...args] = words;
  const { exitCode, stderr } = await attempt(gateway.namespace, first, args);
  assert.equal(exitCode, 0, stderr);
}

/** The handler's numbers about a domain, for metrics. */
async function readNumbers(gateway: Gateway) {
  const { stdout } = await gateway.handle('{"type":"numbers","id":1,"domain":"ffww01"}\n');
  const { numbers } = JSON.parse(stdout.split('\n').find((line) => line.includes('"id":1')) ?? '');
  const { alive, idle, stale, pending, static: statics, entries } = numbers;
  return { alive, idle, stale, pending, static: statics, entries };
}

/** A full file system, with the unchanged record and the lock. */
async function fillRuntimeDirectory(gateway: Gateway): Promise<void> {
  const directory = `/run/wgkex/${gateway.namespace}`;
  await mkdir(`${directory}.copy`);
  await sh('cp', '-a', `${directory}/.`, `${directory}.copy`);
  await sh('mount', '-t', 'tmpfs', '-o', 'size=64k,mode=0755', 'tmpfs', directory);
  gateway.onClose(() => sh('umount', '--lazy', directory).then(() => {}));
  await sh('cp', '-a', `${directory}.copy/.`, directory);
  // Empty lines up to the end of its page, so that the next byte needs another one.
  const { size } = await stat(gateway.recordFile());
  await appendFile(gateway.recordFile(), '\n'.repeat(PAGE_BYTES - (size % PAGE_BYTES)));
  await sh('sh', '-c', `cat /dev/zero >${directory}/ballast || true`);
}
