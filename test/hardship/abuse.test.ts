import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, type TestContext, test } from 'node:test';
import { exchange, makeKey, open, readAll, send } from '../../lab/client.ts';
import { Background, eventually, pause } from '../../lab/commands.ts';
import { Crowd, countEach, inParallel } from '../../lab/crowd.ts';
import { EXCHANGE_PORT, Gateway } from '../../lab/gateway.ts';
import { Router } from '../../lab/router.ts';

const WIDTH = 64;
/** For this long the handler may not know of a handshake. */
const READING_MILLISECONDS = 1000;
/** Of each event: first lines, the loudest sources, and one for all others. */
const MOST_LINES = 100 + 10 + 1;

let gateway: Gateway;
let crowd: Crowd;

beforeEach(async () => {
  gateway = await Gateway.create(11);
  crowd = await Crowd.gather(gateway);
});
afterEach(() => gateway.close());

describe('the log', () => {
  test('has a handful of lines for a flood of refusals, and counts each of them', async () => {
    await gateway.start();
    const from = (index: number) => (index % 2 === 0 ? crowd.ipv4(index % 300) : crowd.ipv6(index % 300));
    const host = (index: number) => (index % 2 === 0 ? gateway.address : gateway.segment.ipv6('0::1'));
    const replies = await inParallel(1000, WIDTH, (index) =>
      exchange(host(index), 'nowhere', makeKey(), { from: from(index) }),
    );
    assert.deepEqual(countEach(replies), { 'ERR: INVALID_DOMAIN\n': 1000 });
    const lines = await stopAndRead('refused');
    assert.ok(lines.length <= MOST_LINES, `${lines.length} lines`);
    assert.equal(countTimes(lines), 1000);
    const [others] = lines.filter(({ msg }) => msg === 'refused others');
    assert.deepEqual([others?.['sources'], others?.['seconds']].map(Number.isInteger), [true, true]);
  });

  test('has one line for a key that is sent over and over, and counts the repetitions', async () => {
    await gateway.start();
    const key = makeKey();
    for (let time = 0; time < 10; time++) assert.equal(await exchange(gateway.address, 'ffww01', key), 'OK\n');
    // Within its first 10 s a key is kept as it is.
    const lines = await stopAndRead('admitted', 'kept');
    assert.deepEqual(
      lines.map(({ msg, new: isNew, times }) => ({ msg, isNew, times })),
      [
        { msg: 'admitted', isNew: true, times: undefined },
        { msg: 'kept', isNew: undefined, times: undefined },
        { msg: 'kept again', isNew: undefined, times: 8 },
      ],
    );
  });

  test('has a handful of lines for a missing interface under load, with the reason and the number', async () => {
    await gateway.configure({ limits: { exchanges_per_source_burst: 10_000 } });
    await gateway.start();
    await gateway.run('ip', 'link', 'delete', gateway.vxlan());
    const replies = await inParallel(500, 16, () => exchange(gateway.address, 'ffww01', makeKey()));
    assert.deepEqual(countEach(replies), { 'ERR: FAILED\n': 500 });
    const [first, again, ...more] = await stopAndRead('failed');
    assert.deepEqual(more, []);
    assert.equal(Number(first?.['exchanges']) + Number(again?.['times']), 500);
    for (const line of [first, again]) {
      assert.equal(line?.['level'], 50);
      assert.match(String(line?.['reason']), new RegExp(`${gateway.vxlan()} does not exist`));
    }
  });
});

describe('a router is served, and its session goes on, while', () => {
  test('many sources open more idle connections than allowed', async () => {
    const connections = 200;
    await gateway.configure({ limits: { connections, line_seconds: 60 } });
    await gateway.start();
    // One after the other: the order of arrival decides which one has waited longest.
    const idle = await inParallel(600, 1, (index) => open(gateway.address, { from: crowd.ipv4(index) }));
    const replies = idle.map(readAll);
    assert.equal(await exchange(gateway.address, 'ffww01', makeKey()), 'OK\n');
    const evicted = 600 + 1 - connections;
    const busy = await Promise.all(replies.slice(0, evicted));
    assert.deepEqual(countEach(busy), { 'ERR: BUSY\n': evicted }, 'those that waited longest gave way');
    assert.equal(
      idle.filter(({ readableEnded }) => !readableEnded).length,
      600 - evicted,
      'the others are still there',
    );
    for (const socket of idle) socket.destroy();
  });

  test('one source sends many keys and gets only its share, and its neighbours get theirs', async () => {
    await gateway.configure({ limits: { exchanges_per_source_burst: 60, exchanges_per_source_per_second: 0.001 } });
    await gateway.start();
    const from = crowd.ipv4(1);
    const replies = await inParallel(300, 16, () => exchange(gateway.address, 'ffww01', makeKey(), { from }));
    assert.deepEqual(countEach(replies), { 'OK\n': 60, 'ERR: BUSY\n': 240 });
    assert.equal((await gateway.peers()).length, 60);
    assert.equal(await exchange(gateway.address, 'ffww01', makeKey(), { from: crowd.ipv4(2) }), 'OK\n');
  });

  test('many sources send distinct keys, of which at most max_pending stay, and the others leave no entry', async () => {
    await gateway.configure({}, { max_pending: 40 });
    await gateway.start();
    const router = await connectRouter();
    await pause(READING_MILLISECONDS);
    const pings = router.ping(10);
    const replies = await inParallel(800, WIDTH, (index) =>
      exchange(gateway.address, 'ffww01', makeKey(), { from: crowd.ipv4(index) }),
    );
    // They share few networks, which evict their own oldest keys.
    assert.deepEqual(countEach(replies), { 'OK\n': 800 });
    const peers = await gateway.peers();
    assert.equal(peers.length, 41);
    assert.notEqual(peers.find(({ key }) => key === router.key)?.lastHandshake, 'never');
    assert.equal((await gateway.entries()).length, 2 * 41);
    await pings;
  });

  test('many sources send distinct keys, of which at most max_peers are admitted, not counting peers set up by hand', async () => {
    await gateway.configure({}, { max_peers: 30 });
    await gateway.run('wg', 'set', gateway.wireguard(), 'peer', makeKey(), 'allowed-ips', '192.0.2.0/24');
    await gateway.start();
    const replies = await inParallel(200, WIDTH, (index) =>
      exchange(gateway.segment.ipv6('0::1'), 'ffww01', makeKey(), { from: crowd.ipv6(index) }),
    );
    assert.deepEqual(countEach(replies), { 'OK\n': 30, 'ERR: FULL\n': 170 });
    assert.equal((await gateway.peers()).length, 1 + 30);
  });

  test('its key is sent again and again from everywhere', async () => {
    await gateway.start();
    const router = await connectRouter();
    const before = await gateway.findPeer(router.key);
    const pings = router.ping(20);
    const replay = (index: number) =>
      exchange(gateway.address, 'ffww01', router.key, { from: crowd.ipv4(index % 100) });
    assert.deepEqual(countEach(await inParallel(500, 16, replay)), { 'OK\n': 500 });
    await pings;
    await gateway.requireUninterrupted(before);
  });
});

describe('clients that keep sending', () => {
  const SECONDS = 3;
  const CLIENTS = 8;

  test('while the handler works cost next to nothing, and get their reply', async (t) => {
    const { pid } = await gateway.start();
    const key = makeKey();
    assert.equal(await exchange(gateway.address, 'ffww01', key), 'OK\n');
    await gateway.unlocked();
    const holder = new Background('flock', ['--no-fork', gateway.lockFile(), 'sh', '-c', 'echo locked; exec sleep 60']);
    await eventually('it is locked', () => holder.stdout.includes('locked'));
    const spent = await measureFlood(pid, `ffww01\n${key}\n`, SECONDS * 1000);
    assert.equal(spent.stillOpen, CLIENTS, 'the handler still waits for the lock');
    await holder.stop();
    requireCheap(t, spent);
    assert.deepEqual(countEach(await Promise.all(spent.replies)), { 'OK\n': CLIENTS });
  });

  test('after their reply cost next to nothing, and are closed', async (t) => {
    const { descriptors, pid } = await startAndCount();
    const spent = await measureFlood(pid, 'x'.repeat(65), 900);
    requireCheap(t, spent);
    assert.deepEqual(countEach(await Promise.all(spent.replies)), { 'ERR: LINE_TOO_LONG\n': CLIENTS });
    await eventually('the listener is done with them', async () => (await descriptors()) === 0);
  });

  /** The kernel buffers some megabytes of each. */
  function requireCheap(t: TestContext, { megabytes, cpuSeconds }: Flood): void {
    const what = `${megabytes.toFixed(0)} MB were taken, with ${cpuSeconds} s of processor time`;
    t.diagnostic(what);
    assert.ok(megabytes < 16 * CLIENTS && cpuSeconds < 0.3, what);
  }

  async function measureFlood(pid: number, first: string, milliseconds: number): Promise<Flood> {
    const sockets = await inParallel(CLIENTS, CLIENTS, (index) => open(gateway.address, { from: crowd.ipv4(index) }));
    const replies = sockets.map(readUntilCut);
    const before = await readCpuSeconds(pid);
    for (const socket of sockets) sendOnAndOn(socket, first);
    await pause(milliseconds);
    const cpuSeconds = (await readCpuSeconds(pid)) - before;
    const bytes = sockets.reduce((total, socket) => total + socket.bytesWritten - socket.writableLength, 0);
    const stillOpen = sockets.filter(({ readableEnded }) => !readableEnded).length;
    for (const socket of sockets) socket.removeAllListeners('drain');
    return { replies, megabytes: bytes / 1e6, cpuSeconds, stillOpen };
  }
});

describe('nothing is left of', () => {
  test('clients that never read their reply', async () => {
    const { descriptors } = await startAndCount();
    const deaf = await inParallel(300, WIDTH, async (index) => {
      const socket = await openDeaf(crowd.ipv4(index));
      socket.write(`ffww01\n${makeKey()}\n`);
      return socket;
    });
    await eventually('all have their peers', async () => (await gateway.peers()).length === 300);
    await eventually('the listener is done with them', async () => (await descriptors()) === 0);
    for (const socket of deaf) socket.destroy();
  });

  test('connections that are reset, at any stage', async () => {
    const { descriptors } = await startAndCount();
    const key = makeKey();
    const stages = ['', 'ffw', 'ffww01\n', `ffww01\n${key.slice(20)}`, `ffww01\n${key}\n`];
    const reset = (sent: string, awaitsReply: boolean) => async (index: number) => {
      const socket = await open(gateway.address, { from: crowd.ipv4(index) });
      socket.on('error', () => {});
      if (sent !== '') await new Promise((resolve) => socket.write(sent, resolve));
      if (awaitsReply) await once(socket, 'data');
      socket.resetAndDestroy();
    };
    for (const sent of stages) await inParallel(200, WIDTH, reset(sent, false));
    await inParallel(200, WIDTH, reset(`ffww01\n${key}\n`, true));
    await eventually('the listener is done with them', async () => (await descriptors()) === 0);
    assert.equal(await exchange(gateway.address, 'ffww01', key), 'OK\n');
    assert.doesNotMatch(gateway.listener?.stderr ?? '', /"level":[45]0/);
  });

  test('escape sequences in the name of a domain, in the log', async () => {
    await gateway.start();
    const nasty = '\x1b[2J\x1b[31m\x1b]0;root\x07\x9b1m\r\b\x00\x7f<3>'.repeat(3).slice(0, 64);
    assert.equal(nasty.length, 64);
    const chunk = Buffer.from(`${nasty}\n${makeKey()}\n`, 'latin1');
    assert.equal(await send(gateway.address, [chunk], {}), 'ERR: INVALID_DOMAIN\n');
    const [line] = await stopAndRead('refused');
    assert.match(String(line?.['sent']), /^\\u001b\[2J\\u001b\[31m/);
    assert.match(gateway.listener?.stderr ?? '', /^[ -~…\n]*$/);
  });
});

async function connectRouter(): Promise<Router> {
  const router = await Router.create(gateway, 1);
  assert.equal(await router.exchange('ffww01'), 'OK');
  await router.up();
  await router.connected();
  await router.ping(1);
  return router;
}

interface Flood {
  readonly replies: readonly Promise<string>[];
  readonly megabytes: number;
  readonly cpuSeconds: number;
  readonly stillOpen: number;
}

function sendOnAndOn(socket: Socket, first: string): void {
  const more = Buffer.alloc(1 << 20, 'x');
  const send = () => {
    while (socket.writable && socket.write(more));
  };
  socket.write(first);
  socket.on('drain', send);
  send();
}

/** Resolves with the received bytes when the gateway has cut a connection that its client leaves open. */
function readUntilCut(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  socket.on('error', () => {});
  return new Promise((resolve) => socket.on('close', () => resolve(text)));
}

/** Of user and system time, of which proc(5) counts a hundred ticks a second. */
async function readCpuSeconds(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Starts the service; `descriptors` are those that the listener has open more than before it had a client. */
async function startAndCount() {
  const { pid } = await gateway.start();
  const count = async () => (await readdir(`/proc/${pid}/fd`)).length;
  const before = await count();
  return { pid, descriptors: async () => (await count()) - before };
}

/** Connects without ever reading. */
async function openDeaf(from: string): Promise<Socket> {
  const socket = connect({ host: gateway.address, port: EXCHANGE_PORT, localAddress: from });
  socket.pause();
  await once(socket, 'connect');
  return socket;
}

type Line = Record<string, unknown> & { readonly msg: string };

/** Ends the service, and returns its lines of one event, those with counts included. */
async function stopAndRead(...events: string[]): Promise<Line[]> {
  const { listener } = gateway;
  assert.ok(listener !== undefined);
  listener.child.kill('SIGTERM');
  await once(listener.child, 'close');
  const lines = listener.stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
  return lines.filter(({ msg }) => events.some((event) => msg.startsWith(event)));
}

/** A line without a number stands for one time. */
function countTimes(lines: readonly Line[]): number {
  return lines.reduce((total, { times }) => total + Number(times ?? 1), 0);
}
