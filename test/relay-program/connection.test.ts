import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import { Connection, WAITING_BYTES } from '../../src/relay/connection.ts';
import { Figures } from '../../src/relay/figures.ts';
import { buildMessage, frame } from './messages.ts';

const HERE = '127.0.0.1';
const PACKET = buildMessage(4, 1452);
/** More than a kernel keeps for a connection whose other end does not read. */
const MUCH = 20_000;
const SILENT_SECONDS = 0.8;

test('the messages of one turn of the loop leave together, and arrive in order', async (t) => {
  const { connection, other, figures } = await connectPair(t);
  const sent = [buildMessage(1, 148), PACKET, buildMessage(4, 32)];
  for (const message of sent) connection.send(message);
  const [chunk] = (await once(other, 'data')) as [Buffer];
  assert.deepEqual(chunk, frame(...sent));
  assert.deepEqual(figures.sent, { messages: 3, bytes: 148 + 1452 + 32 });
});

test('what comes from UDP and is not WireGuard is dropped, and the connection stays', async (t) => {
  const { connection, other, closed, figures } = await connectPair(t);
  for (const datagram of [Buffer.alloc(0), Buffer.from('GET / HTTP/1.1'), Buffer.alloc(1500)])
    connection.send(datagram);
  connection.send(PACKET);
  const [chunk] = (await once(other, 'data')) as [Buffer];
  assert.deepEqual(chunk, frame(PACKET));
  assert.equal(figures.dropped.form, 3);
  assert.deepEqual(closed, []);
});

test('what arrives and is not WireGuard closes the connection, with what came before it delivered', async (t) => {
  const { other, delivered, closed } = await connectPair(t);
  other.write(Buffer.concat([frame(PACKET), frame(Buffer.from('not WireGuard, but long enough to be a datagram'))]));
  await once(other, 'close');
  assert.deepEqual([delivered, closed], [[PACKET], ['it sent what is not WireGuard']]);
});

test('in each direction the sixth initiation within 5 s is dropped, and other messages pass', async (t) => {
  const { connection, other, delivered, figures } = await connectPair(t);
  const many = Array.from({ length: 8 }, () => buildMessage(1, 148));
  for (const message of [...many, PACKET]) connection.send(message);
  const [chunk] = (await once(other, 'data')) as [Buffer];
  assert.deepEqual(chunk, frame(...many.slice(0, 5), PACKET));
  other.write(frame(...many, PACKET));
  while (delivered.length < 6) await turn();
  assert.deepEqual(delivered, [...many.slice(0, 5), PACKET]);
  assert.equal(figures.dropped.initiations, 6);
});

test('an end that does not read has at most 256 kB waiting; the rest is dropped, and the connection stays', async (t) => {
  const { connection, socket, other, closed, figures } = await connectPair(t);
  other.pause();
  let most = 0;
  for (let sent = 0; sent < MUCH; sent++) {
    connection.send(PACKET);
    if (sent % 32 === 0) await turn();
    most = Math.max(most, socket.writableLength);
  }
  assert.ok(most <= WAITING_BYTES && most > WAITING_BYTES / 2, `${most}`);
  assert.ok(figures.dropped.waiting > MUCH / 10, `${figures.dropped.waiting}`);
  other.resume();
  while (socket.writableLength > 0) await turn();
  connection.send(PACKET);
  await turn();
  assert.equal(figures.sent.messages, MUCH + 1 - figures.dropped.waiting);
  assert.deepEqual(closed, []);
});

test('a connection on which nothing arrives is closed, however much it sends', async (t) => {
  const { connection, other, closed } = await connectPair(t, SILENT_SECONDS);
  other.resume();
  await pause(SILENT_SECONDS * 500);
  other.write(frame(PACKET));
  const written = performance.now();
  const sending = setInterval(() => connection.send(PACKET), 20);
  t.after(() => clearInterval(sending));
  await once(other, 'close');
  assert.ok(performance.now() - written > SILENT_SECONDS * 990);
  assert.deepEqual(closed, [`silent for ${SILENT_SECONDS} s`]);
});

test('an end that goes away is named as the reason', async (t) => {
  const { other, closed } = await connectPair(t);
  other.end();
  while (closed.length === 0) await turn();
  assert.deepEqual(closed, ['the other side closed it']);
});

test('a reset is named as the reason', async (t) => {
  const { other, closed } = await connectPair(t);
  other.resetAndDestroy();
  while (closed.length === 0) await turn();
  assert.deepEqual(closed, ['ECONNRESET']);
});

/** A connection of the relay, and the socket at its other end. */
async function connectPair(t: TestContext, silentSeconds?: number) {
  const server = createServer();
  server.listen(0, HERE);
  await once(server, 'listening');
  const address = server.address();
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const other = connect(typeof address === 'string' ? 0 : (address?.port ?? 0), HERE);
  other.on('error', () => {});
  const [socket] = await accepted;
  server.close();
  const [delivered, closed, figures]: [Buffer[], string[], Figures] = [[], [], new Figures()];
  const outlet = {
    deliver: (message: Buffer) => delivered.push(message),
    closed: (reason: string) => closed.push(reason),
  };
  const connection = new Connection(socket, outlet, figures, silentSeconds);
  t.after(() => {
    connection.close('the test is over');
    other.destroy();
  });
  return { connection, socket, other, delivered, closed, figures };
}
