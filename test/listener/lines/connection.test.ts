import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { parseIpAddress } from '../../../src/core/values/ip-address.ts';
import { Connection, type SentLines } from '../../../src/listener/lines/connection.ts';

const VISIT = {
  from: parseIpAddress('127.0.0.1'),
  accountable: parseIpAddress('127.0.0.1'),
  sinceMilliseconds: 0,
  source: undefined,
  isLook: false,
  domain: undefined,
};

const SECONDS = 0.3;
/** Longer than a test may last. */
const NEVER_SECONDS = 300;

describe('a connection', { concurrency: true, timeout: 120_000 }, () => {
  const SENT: readonly (readonly [name: string, sent: string, lines: SentLines])[] = [
    ['two lines', 'a\nb\n', ['a', 'b']],
    ['two lines and more', 'a\nb\nc\nd\n', ['a', 'b']],
    ['a line that is too long', `${'a'.repeat(65)}`, 'too-long'],
  ];
  for (const [name, sent, lines] of SENT) {
    test(`reports ${name} at once`, async (t) => {
      const { client, told } = await open(t, { seconds: NEVER_SECONDS });
      client.write(sent);
      assert.deepEqual(await told, lines);
    });
  }

  const HALF_CLOSED: readonly (readonly [name: string, sent: string, lines: SentLines])[] = [
    ['two lines, the second without its end', 'a\nb', ['a', 'b']],
    ['one line', 'a\n', ['a']],
    ['one line without its end', 'a', []],
    ['nothing', '', []],
  ];
  for (const [name, sent, lines] of HALF_CLOSED) {
    test(`whose client sends ${name} and ends reports that at once`, async (t) => {
      const { client, told } = await open(t, { seconds: NEVER_SECONDS });
      client.end(sent);
      assert.deepEqual(await told, lines);
    });
  }

  const SLOW: readonly (readonly [name: string, sent: string, lines: SentLines])[] = [
    ['nothing', '', []],
    ['half a line', 'ffww', []],
    ['one line', 'a\n', ['a']],
    ['one line and a half', 'a\nb', ['a']],
  ];
  for (const [name, sent, lines] of SLOW) {
    test(`whose client sends ${name} and waits reports that when its time is up`, async (t) => {
      const { client, told, opened } = await open(t);
      client.write(sent);
      assert.deepEqual(await told, lines);
      assertAbout(SECONDS, opened);
    });
  }

  test('whose client sends a byte now and then gets no more time for that', async (t) => {
    const { client, told, opened } = await open(t);
    const timer = setInterval(() => client.write('a'), 40);
    t.after(() => clearInterval(timer));
    assert.deepEqual(await told, []);
    assertAbout(SECONDS, opened);
  });

  test('has the same time again for the second line, starting at the end of the first', async (t) => {
    const { client, told, opened } = await open(t);
    await pause(SECONDS * 1000 * 0.7);
    client.write('a\nb');
    assert.deepEqual(await told, ['a']);
    assertAbout(SECONDS * 1.7, opened);
  });

  test('whose lines came in time reports them, even if the machine stood still until its time was up', async (t) => {
    const { client, told } = await open(t);
    client.write('a\nb\n');
    standStill(SECONDS);
    assert.deepEqual(await told, ['a', 'b']);
  });

  test('reports its lines once, whatever follows them', async (t) => {
    const { client, told, count } = await open(t);
    client.write('a\nb\n');
    await told;
    client.write('c\nd\n');
    client.end();
    await pause(SECONDS * 1500);
    assert.equal(count(), 1);
  });

  test('answers, and closes when the client does', async (t) => {
    const { client, told, connection, closed } = await open(t, { seconds: NEVER_SECONDS });
    client.write('a\nb\n');
    await told;
    connection.answer('OK\n');
    assert.equal(await readAll(client), 'OK\n');
    client.end();
    await closed;
  });

  test('closes without a reply if there is none', async (t) => {
    const { client, told, connection } = await open(t, { seconds: NEVER_SECONDS });
    client.end('a\nb\n');
    await told;
    connection.answer(undefined);
    assert.equal(await readAll(client), '');
  });

  test('that is half closed still gets its answer', async (t) => {
    const { client, told, connection } = await open(t, { seconds: NEVER_SECONDS });
    client.end('a\nb\n');
    await told;
    await pause(50);
    connection.answer('OK\n');
    assert.equal(await readAll(client), 'OK\n');
  });

  test('delivers its answer even if its client is still sending', async (t) => {
    const { client, told, connection } = await open(t, { seconds: NEVER_SECONDS });
    client.write(`a\nb\n${'x'.repeat(1_000_000)}`);
    await told;
    connection.answer('OK\n');
    client.write('x'.repeat(1_000_000));
    assert.equal(await readAll(client), 'OK\n');
  });

  test('is cut a second after its answer if the client does not close it', async (t) => {
    const { client, told, connection, closed } = await open(t, { seconds: NEVER_SECONDS, allowHalfOpen: true });
    client.write('a\nb\n');
    await told;
    const answered = performance.now();
    connection.answer('OK\n');
    await closed;
    assertAbout(1, answered);
  });

  test('whose client has gone away can be answered, and is closed', async (t) => {
    const { client, told, connection, closed } = await open(t, { seconds: NEVER_SECONDS });
    client.write('a\n');
    client.destroy();
    assert.deepEqual(await told, ['a']);
    connection.answer('ERR: NO_WGKEY\n');
    await closed;
  });
});

/** A client, and the connection that it has to the test. */
async function open(t: TestContext, { seconds = SECONDS, allowHalfOpen = false } = {}) {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen });
  const [[socket]] = (await Promise.all([once(server, 'connection'), once(client, 'connect')])) as [[Socket], unknown];
  server.close();
  client.on('error', () => {});
  t.after(() => {
    client.destroy();
    socket.destroy();
  });
  const calls: SentLines[] = [];
  let tell: (lines: SentLines) => void = () => {};
  const told = new Promise<SentLines>((resolve) => {
    tell = resolve;
  });
  const opened = performance.now();
  const limits = { bytes: 64, seconds };
  const connection = new Connection(socket, VISIT, limits, (lines) => {
    calls.push(lines);
    tell(lines);
  });
  const closed = new Promise<void>((resolve) => connection.onClose(resolve));
  return { client, connection, told, opened, closed, count: () => calls.length };
}

async function readAll(client: Socket): Promise<string> {
  let received = '';
  client.on('data', (chunk) => {
    received += chunk;
  });
  await once(client, 'end');
  return received;
}

function standStill(seconds: number): void {
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end);
}

/** With a margin for a busy machine. */
function assertAbout(seconds: number, since: number): void {
  const passed = (performance.now() - since) / 1000;
  assert.ok(passed > seconds - 0.02 && passed < seconds + 5, `${passed} s, expected ${seconds} s`);
}
