import assert from 'node:assert/strict';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import { Attention } from '../../src/log/flood-guard.ts';
import { RelayClient } from '../../src/relay/client.ts';
import { Figures } from '../../src/relay/figures.ts';
import { keepLog } from '../system/events.ts';
import { buildMessage, frame, OtherEnd } from './messages.ts';

const HERE = '127.0.0.1';
const INITIATION = buildMessage(1, 148);
const PACKET = buildMessage(4, 100);
const ANSWER = buildMessage(2, 92);

// They wait for the client's pauses.
describe('a client', { concurrency: true }, () => {
  test('connects when WireGuard sends something, and not before', async (t) => {
    const { connections, wireguard } = await startClient(t);
    await pause(100);
    wireguard.say(Buffer.from('not WireGuard, but long enough to be a datagram'));
    await pause(100);
    assert.equal(connections.length, 0);
    wireguard.say(PACKET);
    const connection = await nth(connections, 0);
    assert.deepEqual(await connection.read(frame(PACKET).length), frame(PACKET));
  });

  test('passes messages of the server on to the address from which WireGuard last sent', async (t) => {
    const { connections, wireguard, open } = await startClient(t);
    wireguard.say(PACKET);
    const connection = await nth(connections, 0);
    await connection.read(frame(PACKET).length);
    const restarted = await open();
    restarted.say(PACKET);
    await connection.read(frame(PACKET).length);
    connection.socket.write(frame(ANSWER, PACKET));
    while (restarted.heard.length < 2) await turn();
    assert.deepEqual([wireguard.heard, restarted.heard], [[], [ANSWER, PACKET]]);
  });

  test('connects again 1 s to 2 s after the server went away, and sends the latest message then', async (t) => {
    const { connections, wireguard, lines } = await startClient(t);
    wireguard.say(PACKET);
    const connection = await nth(connections, 0);
    connection.socket.write(frame(ANSWER));
    while (wireguard.heard.length === 0) await turn();
    connection.socket.destroy();
    while (!lines.some((line) => line.includes('relay closed'))) await turn();
    const began = performance.now();
    for (const message of [INITIATION, PACKET, INITIATION]) wireguard.say(message);
    const next = await nth(connections, 1);
    const waited = performance.now() - began;
    assert.ok(waited > 900 && waited < 3000, `${waited}`);
    assert.deepEqual(await next.read(frame(INITIATION).length), frame(INITIATION));
    await pause(50);
    assert.equal(next.bytes.length, 0);
  });

  test('stays away after the server went away, until WireGuard sends something', async (t) => {
    const { connections, wireguard } = await startClient(t);
    wireguard.say(PACKET);
    (await nth(connections, 0)).socket.destroy();
    await pause(2500);
    assert.equal(connections.length, 1);
    wireguard.say(PACKET);
    await nth(connections, 1);
  });

  test('opens another connection if three handshakes had no answer', async (t) => {
    const { connections, wireguard, lines } = await startClient(t);
    wireguard.say(INITIATION);
    const first = await nth(connections, 0);
    await first.read(frame(INITIATION).length);
    while (!lines.some((line) => line.includes('relay connected'))) await turn();
    for (let sent = 0; sent < 3; sent++) wireguard.say(INITIATION);
    await first.read(frame(INITIATION).length * 3);
    assert.equal(connections.length, 1);
    wireguard.say(INITIATION);
    const second = await nth(connections, 1);
    assert.deepEqual(await second.read(frame(INITIATION).length), frame(INITIATION));
    assert.ok(lines.some((line) => line.includes('no answer to 3 handshakes')));
  });

  test('logs a server that refuses, and tries it again', async (t) => {
    const { connections, wireguard, lines, server } = await startClient(t);
    const address = server.address();
    assert.ok(address !== null && typeof address !== 'string');
    server.close();
    await once(server, 'close');
    wireguard.say(INITIATION);
    while (!lines.some((line) => line.includes('relay unreachable'))) await turn();
    assert.match(lines.at(-1) ?? '', /^<4>relay unreachable on=127\.0\.0\.1:\d+: ECONNREFUSED$/);
    server.listen(address.port, HERE);
    wireguard.say(PACKET);
    assert.deepEqual(await (await nth(connections, 0)).read(frame(PACKET).length), frame(PACKET));
  });

  test('closes a server that sends what is not WireGuard', async (t) => {
    const { connections, wireguard, lines } = await startClient(t);
    wireguard.say(PACKET);
    const { socket } = await nth(connections, 0);
    socket.write('HTTP/1.1 400 Bad Request\r\n\r\n');
    await once(socket, 'close');
    assert.deepEqual(wireguard.heard, []);
    assert.ok(lines.some((line) => line.includes('it sent what is not WireGuard')));
  });
});

/** A client on this machine with a server that keeps its connections, and with a UDP socket for WireGuard's. */
async function startClient(t: TestContext) {
  const connections: OtherEnd[] = [];
  const server = createServer((socket) => connections.push(new OtherEnd(socket)));
  server.listen(0, HERE);
  await once(server, 'listening');
  const address = server.address();
  const probe = await openUdp();
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  const { log, lines } = keepLog();
  const figures = new Figures();
  const to = { host: HERE, port: typeof address === 'string' ? 0 : (address?.port ?? 0) };
  const client = new RelayClient({ listen: { host: HERE, port }, to }, { log, attention: new Attention(log), figures });
  await client.open();
  const open = async () => {
    const socket = await openUdp();
    t.after(() => socket.close());
    const heard: Buffer[] = [];
    socket.on('message', (message) => heard.push(message));
    return { say: (message: Buffer) => socket.send(message, port, HERE), heard };
  };
  t.after(async () => {
    await client.stop();
    for (const { socket } of connections) socket.destroy();
    server.close();
  });
  return { server, connections, figures, lines, wireguard: await open(), open };
}

async function openUdp(): Promise<UdpSocket> {
  const socket = createSocket('udp4');
  socket.bind(0, HERE);
  await once(socket, 'listening');
  return socket;
}

async function nth(connections: readonly OtherEnd[], index: number): Promise<OtherEnd> {
  for (;;) {
    const found = connections[index];
    if (found !== undefined) return found;
    await pause(5);
  }
}
