import assert from 'node:assert/strict';
import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import { deriveLocalAddress } from '../../src/core/relay/local-address.ts';
import { parseNetwork } from '../../src/core/values/ip-address.ts';
import { Attention } from '../../src/log/flood-guard.ts';
import { Figures } from '../../src/relay/figures.ts';
import { RelayServer, type ServerOptions } from '../../src/relay/server.ts';
import { keepLog } from '../system/events.ts';
import { buildMessage, frame, OtherEnd } from './messages.ts';

const HERE = '127.0.0.1';
const PACKET = buildMessage(4, 100);
const ANSWER = buildMessage(2, 92);
const COOKIE = buildMessage(3, 64);

test('messages reach the target from the address of their source, and its answers come back', async (t) => {
  const { target, open } = await startRelay(t);
  const client = await open();
  client.socket.write(frame(PACKET));
  const [message, from] = await target.next();
  assert.deepEqual(message, PACKET);
  assert.equal(from.address, deriveLocalAddress(HERE));
  target.send(ANSWER, from);
  assert.deepEqual(await client.read(frame(ANSWER).length), frame(ANSWER));
});

test('each source has an address of its own', async (t) => {
  const { target, open } = await startRelay(t);
  const addresses: string[] = [];
  for (const source of ['127.0.0.1', '127.0.0.2', '127.0.0.1']) {
    const client = await open(source);
    client.socket.write(frame(PACKET));
    addresses.push((await target.next())[1].address);
  }
  assert.deepEqual(addresses, [HERE, '127.0.0.2', HERE].map(deriveLocalAddress));
});

test('nothing that is not WireGuard reaches the target, and its sender is cut off', async (t) => {
  const { target, open, lines } = await startRelay(t);
  for (const bytes of ['GET / HTTP/1.1\r\n\r\n', '\x16\x03\x01\x02\0\x01', '\0\x1d\x12\x34\x01\0\0\x01\0\0\0\0\0\0']) {
    const client = await open();
    client.socket.write(Buffer.from(bytes, 'latin1'));
    await once(client.socket, 'close');
  }
  await pause(50);
  assert.deepEqual(target.received, []);
  assert.match(
    lines.find((line) => line.includes('relay closed')) ?? '',
    /from=127\.0\.0\.1 .*: it sent what is not Wire/,
  );
});

test('nothing that is not WireGuard comes back from the target, and nothing from anybody else', async (t) => {
  const { target, open, figures } = await startRelay(t);
  const client = await open();
  client.socket.write(frame(PACKET));
  const [, from] = await target.next();
  const stranger = createSocket('udp4');
  t.after(() => stranger.close());
  stranger.send(ANSWER, from.port, from.address);
  target.send(Buffer.from('220 smtp.example ESMTP, long enough'), from);
  target.send(ANSWER, from);
  assert.deepEqual(await client.read(frame(ANSWER).length), frame(ANSWER));
  await pause(50);
  assert.equal(client.bytes.length, 0);
  assert.equal(figures.dropped.form, 1);
});

test('a missing target ends no connection', async (t) => {
  const { target, open, lines } = await startRelay(t);
  const client = await open();
  const { port } = target.socket.address();
  target.socket.close();
  for (let sent = 0; sent < 5; sent++) {
    client.socket.write(frame(PACKET));
    await pause(20);
  }
  assert.ok(lines.some((line) => line.includes('target unreachable') && line.includes('ECONNREFUSED')));
  const again = createSocket('udp4');
  again.bind(port, HERE);
  await once(again, 'listening');
  t.after(() => again.close());
  client.socket.write(frame(PACKET));
  const [message] = (await once(again, 'message')) as [Buffer];
  assert.deepEqual(message, PACKET);
});

test('a source gets no more connections than its limit, and another one when one has ended', async (t) => {
  const { open, lines, figures } = await startRelay(t, { connectionsPerSource: 2 });
  const [first] = [await open(), await open()];
  await once((await open()).socket, 'close');
  assert.equal(figures.refused['connections-per-source'], 1);
  assert.match(lines.at(-1) ?? '', /relay refused from=127\.0\.0\.1 limit=connections-per-source/);
  await open('127.0.0.2');
  first.socket.destroy();
  while (figures.connections > 2) await turn();
  const next = await open();
  await pause(20);
  assert.ok(!next.socket.destroyed);
});

test('an exempt source has no limit of its own, and its connections have an address each', async (t) => {
  const exempt = [parseNetwork('127.0.0.1/32')];
  const { target, open } = await startRelay(t, { connectionsPerSource: 1, exempt });
  const addresses = new Set<string>();
  for (let count = 0; count < 3; count++) {
    (await open()).socket.write(frame(PACKET));
    addresses.add((await target.next())[1].address);
  }
  assert.equal(addresses.size, 3);
});

test('a source that opens connections too fast is refused', async (t) => {
  const { open, figures } = await startRelay(t);
  for (let count = 0; count < 61; count++) (await open()).socket.destroy();
  while (figures.refused.rate === 0 && figures.opened < 61) await turn();
  assert.deepEqual([figures.refused.rate, figures.opened], [1, 60]);
});

test('when all connections are taken, a newcomer evicts the oldest one without an answer', async (t) => {
  const { target, open, figures } = await startRelay(t, { connections: 3 });
  const known = await open();
  known.socket.write(frame(PACKET));
  const [, from] = await target.next();
  target.send(ANSWER, from);
  await known.read(frame(ANSWER).length);
  const [silent, other] = [await open(), await open()];
  const newcomer = await open();
  await once(silent.socket, 'close');
  await pause(20);
  assert.deepEqual(
    [known, other, newcomer].map(({ socket }) => socket.destroyed),
    [false, false, false],
  );
  assert.equal(figures.connections, 3);
});

test('a cookie, which WireGuard sends to strangers, too, keeps no connection from being evicted', async (t) => {
  const { target, open } = await startRelay(t, { connections: 1 });
  const stranger = await open();
  stranger.socket.write(frame(PACKET));
  const [, from] = await target.next();
  target.send(COOKIE, from);
  await stranger.read(frame(COOKIE).length);
  const newcomer = await open();
  await once(stranger.socket, 'close');
  assert.ok(!newcomer.socket.destroyed);
});

test('each connection of a peer has its line in the log, those of strangers are counted', async (t) => {
  const { target, open, lines, figures } = await startRelay(t);
  const countLines = () => lines.filter((line) => line.includes('relay closed from=')).length;
  for (const [answer, expected] of [
    [ANSWER, 3],
    [COOKIE, 4],
  ] as const) {
    for (let count = 0; count < 3; count++) {
      const client = await open();
      client.socket.write(frame(PACKET));
      target.send(answer, (await target.next())[1]);
      await client.read(frame(answer).length);
      client.socket.destroy();
      while (figures.connections > 0) await turn();
    }
    assert.equal(countLines(), expected, lines.join('\n'));
  }
});

test('when all connections are taken and in use, a new one is refused', async (t) => {
  const { target, open, figures } = await startRelay(t, { connections: 1 });
  const known = await open();
  known.socket.write(frame(PACKET));
  const [, from] = await target.next();
  target.send(ANSWER, from);
  await known.read(frame(ANSWER).length);
  for (let count = 0; count < 3; count++) await once((await open()).socket, 'close');
  assert.ok(!known.socket.destroyed);
  assert.equal(figures.refused.connections, 3);
});

test('a stop closes all connections, and the port', async (t) => {
  const { relay, open, port } = await startRelay(t);
  const client = await open();
  await Promise.all([relay.stop(), once(client.socket, 'close')]);
  await assert.rejects(once(connect(port, HERE), 'connect'), { code: 'ECONNREFUSED' });
});

test('a port that is taken is an error that names it', async (t) => {
  const { port } = await startRelay(t);
  const { log } = keepLog();
  const around = { log, attention: new Attention(log), figures: new Figures() };
  const options = { ...DEFAULTS, listen: { host: HERE, port }, to: { host: HERE, port: 9 } };
  const message = `Cannot listen on 127.0.0.1:${port}: EADDRINUSE`;
  await assert.rejects(new RelayServer(options, around).open({}), { name: 'InputError', message });
});

const DEFAULTS = { connections: 1000, connectionsPerSource: 20 };

/** A relay on this machine, with a target that keeps what it gets. */
async function startRelay(t: TestContext, options: Partial<ServerOptions> = {}) {
  const target = await openTarget(t);
  const { log, lines } = keepLog();
  const figures = new Figures();
  const port = await findFreePort();
  const to = { host: HERE, port: target.socket.address().port };
  const relay = new RelayServer(
    { ...DEFAULTS, listen: { host: HERE, port }, to, ...options },
    { log, attention: new Attention(log), figures },
  );
  await relay.open({});
  const sockets: Socket[] = [];
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    await relay.stop();
  });
  const open = async (localAddress = HERE) => {
    const socket = connect({ host: HERE, port, localAddress });
    sockets.push(socket);
    socket.on('error', () => {});
    await once(socket, 'connect');
    return new OtherEnd(socket);
  };
  return { relay, target, figures, lines, open, port };
}

async function openTarget(t: TestContext) {
  const socket = createSocket('udp4');
  socket.bind(0, HERE);
  await once(socket, 'listening');
  const received: [Buffer, RemoteInfo][] = [];
  socket.on('message', (message, from) => received.push([message, from]));
  let isClosed = false;
  socket.on('close', () => {
    isClosed = true;
  });
  t.after(() => void (isClosed || socket.close()));
  const next = async () => {
    for (;;) {
      const first = received.shift();
      if (first !== undefined) return first;
      await turn();
    }
  };
  const send = (message: Buffer, { port, address }: RemoteInfo) => socket.send(message, port, address);
  return { socket, received, next, send };
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, HERE);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'string' ? 0 : (address?.port ?? 0);
}
