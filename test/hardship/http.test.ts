import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { after, afterEach, before, describe, test } from 'node:test';
import { makeKey, open, readAll } from '../../lab/client.ts';
import { eventually, pause, startIn } from '../../lab/commands.ts';
import { Crowd, countEach, inParallel } from '../../lab/crowd.ts';
import { getAsFirmware, parseReply, postAsFirmware } from '../../lab/firmware.ts';
import { Gateway, HTTP_PORT } from '../../lab/gateway.ts';
import { Router } from '../../lab/router.ts';

const PATH = '/api/v1/wg/key/exchange';
/** A router's exchange takes some 50 ms here; it must not wait for anybody's deadline. */
const PROMPT_MILLISECONDS = 4000;
const MOST_MEGABYTES = 200;

let gateway: Gateway;
let crowd: Crowd;
let sockets: Socket[] = [];

before(async () => {
  gateway = await Gateway.create(77);
  crowd = await Crowd.gather(gateway);
  await gateway.configure({ http: { listen: [`[::]:${HTTP_PORT}`] } });
  await gateway.start();
});
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  sockets = [];
});
after(() => gateway.close());

describe('a router is served over HTTP, promptly and with bounded memory, while', { timeout: 300_000 }, () => {
  test('5000 sources connect and say nothing', async () => {
    await inParallel(5000, 64, async (index) => hold(crowd.ipv4(index)));
    await requirePromptExchange();
  });

  test('500 sources send a byte a second', async () => {
    const slow = await inParallel(500, 64, (index) => hold(crowd.ipv4(index)));
    const request = `POST ${PATH} HTTP/1.1\r\nHost: x\r\n`;
    let sent = 0;
    const dripping = setInterval(() => {
      const byte = request[sent++ % request.length] ?? '';
      for (const socket of slow) if (socket.writable) socket.write(byte);
    }, 1000);
    await requirePromptExchange();
    await Promise.all(slow.map((socket) => new Promise((resolve) => socket.on('close', resolve))));
    clearInterval(dripping);
    await requirePromptExchange();
  });

  test('clients send bodies of a gigabyte, and headers without end', async () => {
    const endless = [
      [`POST ${PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n`, ' '.repeat(65_536)],
      [`POST ${PATH} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n`, `10000\r\n${' '.repeat(65_536)}\r\n`],
      ['GET / HTTP/1.1\r\nHost: x\r\n', `X: ${'a'.repeat(1000)}\r\n`],
    ] as const;
    const taken = await inParallel(60, 60, (index) => {
      const [head = '', more = ''] = endless[index % endless.length] ?? [];
      return pour(crowd.ipv4(index), head, more);
    });
    await requirePromptExchange();
    // What the kernel's buffers hold, and a little more.
    assert.ok(Math.max(...taken) < 16_000_000, `${Math.max(...taken)} bytes`);
  });

  test('one source pipelines, and sends shapes that smuggle requests past a proxy', async () => {
    const good = JSON.stringify({ domain: 'ffww01', public_key: makeKey() });
    const one = `POST ${PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: ${good.length}\r\n\r\n${good}`;
    const shapes = [
      one.repeat(1000),
      `POST ${PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${one}`,
      `POST ${PATH} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${one}`,
      `POST ${PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\rX: y\r\n\r\n${one}`,
    ];
    for (const shape of shapes) {
      const socket = await hold(crowd.ipv4(9));
      const reply = readAll(socket).catch(() => '');
      socket.end(shape);
      const statuses = [...(await reply).matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => status);
      if (shape !== shapes[0]) assert.deepEqual(statuses.slice(0, 1), ['400'], shape.slice(0, 120));
    }
    await requirePromptExchange();
  });

  test('strangers claim to be others by X-Forwarded-For: their own share counts', async () => {
    const from = crowd.ipv4(20_000);
    const statuses = await inParallel(200, 8, async (index) => {
      const body = JSON.stringify({ domain: 'ffww01', public_key: makeKey() });
      const socket = await hold(from);
      const reply = readAll(socket);
      const forwarded = `X-Forwarded-For: 192.0.2.${index}\r\nConnection: close\r\n`;
      socket.write(`POST ${PATH} HTTP/1.1\r\nHost: x\r\n${forwarded}Content-Length: ${body.length}\r\n\r\n${body}`);
      return String(parseReply(await reply)?.status);
    });
    const { 200: granted = 0, 429: refused = 0 } = countEach(statuses);
    assert.equal(granted + refused, 200, JSON.stringify(countEach(statuses)));
    assert.ok(granted >= 60 && granted < 100, `${granted} granted`);
  });
});

test('2000 routers ask GET / within a minute from addresses of their own, and each gets its answer', async () => {
  const router = await Router.create(gateway, 1);
  assert.equal(await router.exchange('ffww01'), 'OK');
  await router.up();
  await router.connected();
  const pings = router.ping(10);
  const answers = await inParallel(2000, 16, async (index) => {
    const socket = await hold(crowd.ipv4(index));
    const reply = readAll(socket);
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    return String(parseReply(await reply)?.status);
  });
  assert.deepEqual(countEach(answers), { 200: 2000 });
  assert.match(await getAsFirmware({ host: gateway.address, port: HTTP_PORT, path: '/' }), /wgkex/);
  await pings;
});

test('a client that never reads its replies is cut', { timeout: 60_000 }, async (t) => {
  for (const buffer of ['rmem', 'wmem'])
    await gateway.run('sysctl', '--quiet', '--write', `net.ipv4.tcp_${buffer}=4096 4096 4096`);
  const script = `exec 3<>/dev/tcp/127.0.0.1/${HTTP_PORT} && cat >&3`;
  const client = startIn(gateway.namespace, 'bash', '-c', script);
  t.after(() => client.stop());
  await eventually('it is connected', async () => (await readUnsentBytes()) !== undefined);
  // Until all buffers on the way are full, and some replies are still in the gateway.
  let sizes = [0, 0, 0];
  while (sizes[0] === 0 || new Set(sizes).size > 1) {
    client.child.stdin?.write(`POST ${PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}`);
    await pause(30);
    const size = await readUnsentBytes();
    assert.ok(size !== undefined);
    sizes = [...sizes.slice(1), size];
  }
  await eventually('it is cut', async () => (await readUnsentBytes()) === undefined, 20);
});

async function hold(from: string): Promise<Socket> {
  const socket = await open(gateway.address, { from, port: HTTP_PORT });
  socket.on('error', () => {});
  sockets.push(socket);
  return socket;
}

/** What waits in the gateway's kernel for the client on the gateway itself; undefined if it has no connection. */
async function readUnsentBytes(): Promise<number | undefined> {
  const filter = ['state', 'established', 'sport', '=', `:${HTTP_PORT}`, 'and', 'dst', '127.0.0.1'];
  const line = await gateway.run('ss', '-Htn', ...filter);
  return line === '' ? undefined : Number(line.trim().split(/ +/)[1]);
}

/** Sends as fast as the gateway takes it, until it has closed or 3 s have passed; resolves with the bytes taken. */
async function pour(from: string, head: string, more: string): Promise<number> {
  const socket = await hold(from);
  const ended = new Promise((resolve) => socket.on('close', resolve));
  const write = () => {
    while (socket.writable && socket.write(more));
  };
  socket.on('drain', write);
  socket.resume();
  socket.write(head);
  write();
  await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 3000))]);
  return socket.bytesWritten;
}

/** By a router of a source of its own, in time and with the listener's memory in bounds. */
async function requirePromptExchange(): Promise<void> {
  const start = performance.now();
  const address = { host: gateway.address, port: HTTP_PORT, path: PATH };
  assert.deepEqual(await postAsFirmware(address, { domain: 'ffww01', public_key: makeKey() }), {
    Message: 'OK',
    status: 'OK',
  });
  const milliseconds = performance.now() - start;
  assert.ok(milliseconds < PROMPT_MILLISECONDS, `${milliseconds} ms`);
  const status = await readFile(`/proc/${gateway.listener?.pid}/status`, 'utf8');
  const kilobytes = Number(status.match(/^VmRSS:\s+(\d+) kB$/m)?.[1]);
  assert.ok(kilobytes < MOST_MEGABYTES * 1000, `${kilobytes} kB`);
}
