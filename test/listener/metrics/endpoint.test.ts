import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { MetricsEndpoint } from '../../../src/listener/metrics/endpoint.ts';

const HOST = '127.0.0.1';
const TEXT = '# what there is\nup 1\n';

describe('the endpoint for metrics', { timeout: 120_000 }, () => {
  const REQUESTS: readonly (readonly [name: string, sent: string, status: number, body: string])[] = [
    ['the metrics', 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n', 200, TEXT],
    ['the metrics in HTTP/1.0', 'GET /metrics HTTP/1.0\r\n\r\n', 200, TEXT],
    ['the metrics with a parameter', 'GET /metrics?x=1 HTTP/1.1\r\nHost: x\r\n\r\n', 200, TEXT],
    ['the length of the metrics', 'HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n', 200, ''],
    ['the first page', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', 404, 'There is only /metrics\n'],
    ['a file', 'GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n', 404, 'There is only /metrics\n'],
    [
      'a path that begins like that of the metrics',
      'GET /metricsx HTTP/1.1\r\nHost: x\r\n\r\n',
      404,
      'There is only /metrics\n',
    ],
    [
      'a change of the metrics',
      'POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nsomething',
      404,
      'There is only /metrics\n',
    ],
    ['nonsense', 'ffww01\no52Ge+Rpj4CUSitVag9mS7pSXUesNM0ESnvj/wwehkg=\n\r\n\r\n', 400, ''],
    ['something in another protocol', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400, ''],
    [
      'the metrics with headers that are too long',
      `GET /metrics HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      431,
      '',
    ],
  ];
  for (const [name, sent, status, body] of REQUESTS) {
    test(`answers ${status} to a request for ${name}, and closes`, async (t) => {
      const { talk } = await start(t);
      const reply = await talk(sent);
      assert.match(reply, new RegExp(`^HTTP/1.1 ${status} `));
      assert.match(reply, /\r\nConnection: close\r\n/);
      assert.equal(reply.slice(reply.indexOf('\r\n\r\n') + 4), body);
    });
  }

  test('says which content type the text has', async (t) => {
    const { talk } = await start(t);
    assert.match(
      await talk('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'),
      /\r\nContent-Type: text\/x\r\nContent-Length: 21\r\n/,
    );
  });

  test('answers only the first of many requests in one connection', async (t) => {
    const { talk, rendered } = await start(t);
    await talk('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(1000));
    assert.equal(rendered(), 1);
  });

  test('still answers when fifty clients are silent or slow: it closes the oldest of more than 16 connections', async (t) => {
    const { open, talk } = await start(t);
    const slow = Array.from({ length: 50 }, (_, index) => open(index % 2 === 0 ? '' : 'GET /met'));
    assert.match(await talk('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'), /^HTTP\/1.1 200 /);
    await Promise.all(slow.slice(0, 35).map(({ reply }) => reply));
    assert.deepEqual(
      slow.slice(35).filter(({ socket }) => socket.closed),
      [],
    );
  });

  test('closes a connection when its time is up, however busy it is', async (t) => {
    const { open } = await start(t, 0.5);
    const started = performance.now();
    const { socket, reply } = open('GET /metrics HTTP/1.1\r\n');
    const dripping = setInterval(() => socket.write('X: y\r\n'), 20);
    await reply;
    clearInterval(dripping);
    const seconds = (performance.now() - started) / 1000;
    assert.ok(seconds > 0.49 && seconds < 5, `${seconds} s`);
  });

  test('survives clients that reset their connections, and a page that cannot be rendered', async (t) => {
    const { open, talk, fail } = await start(t);
    for (const sent of ['', 'GET /metr', 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n']) {
      const { socket } = open(sent);
      await once(socket, 'connect');
      socket.resetAndDestroy();
    }
    fail(true);
    assert.equal(await talk('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'), '');
    fail(false);
    assert.match(await talk('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'), /^HTTP\/1.1 200 /);
  });

  test('has no timer left after its client is gone', async (t) => {
    const { talk } = await start(t);
    const before = countTimers();
    await talk('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await pause(1200);
    assert.equal(countTimers(), before);
  });

  test('moves to another address, even with the same port', async (t) => {
    const { endpoint, port } = await start(t);
    const other = await findFreePort();
    await endpoint.open({ host: HOST, port: other });
    assert.match(await talkTo(other), /^HTTP\/1.1 200 /);
    await assert.rejects(connectTo(port), { code: 'ECONNREFUSED' });
    for (const host of ['0.0.0.0', HOST]) {
      await endpoint.open({ host, port: other });
      assert.match(await talkTo(other), /^HTTP\/1.1 200 /, host);
    }
    endpoint.close();
    await assert.rejects(connectTo(other), { code: 'ECONNREFUSED' });
  });

  test('is closed if the new address is taken, and can be opened again', async (t) => {
    const { endpoint, port } = await start(t);
    const taken = createServer().listen(0, HOST);
    t.after(() => taken.close());
    await once(taken, 'listening');
    const { port: takenPort } = taken.address() as AddressInfo;
    await assert.rejects(endpoint.open({ host: HOST, port: takenPort }), {
      name: 'InputError',
      message: `Cannot listen on ${HOST}:${takenPort}: EADDRINUSE`,
    });
    await assert.rejects(connectTo(port), { code: 'ECONNREFUSED' });
    await endpoint.open({ host: HOST, port });
    assert.match(await talkTo(port), /^HTTP\/1.1 200 /);
  });
});

/** The running timers of this process; the function is not in the types of Node 18. */
function countTimers(): number {
  const { getActiveResourcesInfo } = process as unknown as { getActiveResourcesInfo(): string[] };
  return getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
}

/** An endpoint on a port of its own, which closes with the test. */
async function start(t: TestContext, seconds?: number) {
  let rendered = 0;
  let hasFailed = false;
  const render = async () => {
    rendered++;
    if (hasFailed) throw new Error('no page');
    return TEXT;
  };
  const endpoint = new MetricsEndpoint({ contentType: 'text/x', render }, seconds);
  const port = await findFreePort();
  await endpoint.open({ host: HOST, port });
  const sockets: Socket[] = [];
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    endpoint.close();
  });
  const open = (sent: string) => {
    const socket = connect({ port, host: HOST });
    sockets.push(socket);
    if (sent !== '') socket.write(sent, 'latin1');
    return { socket, reply: readAll(socket) };
  };
  const talk = (sent: string) => open(sent).reply;
  const fail = (shallFail: boolean) => {
    hasFailed = shallFail;
  };
  return { endpoint, port, open, talk, fail, rendered: () => rendered };
}

function talkTo(port: number): Promise<string> {
  const socket = connect({ port, host: HOST });
  socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
  return readAll(socket);
}

async function connectTo(port: number): Promise<void> {
  const socket = connect({ port, host: HOST });
  await once(socket, 'connect');
  socket.destroy();
}

/** Everything that arrives until the connection is closed or reset. */
function readAll(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk;
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(received));
  });
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, HOST);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
