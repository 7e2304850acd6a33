import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { parseConfig } from '../../../src/config/config.ts';
import type { Exchange, ReplyCode } from '../../../src/core/exchange/exchange.ts';
import type { DomainName } from '../../../src/core/values/names.ts';
import { Desk } from '../../../src/listener/desk.ts';
import { LinesServer } from '../../../src/listener/lines/server.ts';
import { Attention } from '../../../src/log/flood-guard.ts';
import { Log } from '../../../src/log/log.ts';
import { KEYS } from '../../core/arbitraries.ts';

const KEY = KEYS[0];
const LINES = `ffww01\n${KEY}\n`;
const HERE = '127.0.0.1';
const ELSEWHERE = '127.0.0.2';

describe('the server', { concurrency: true, timeout: 120_000 }, () => {
  const SENT: readonly (readonly [name: string, sent: string, reply: string])[] = [
    ['a domain and a key', LINES, 'OK'],
    ['a key and a domain', `${KEY}\nffww01\n`, 'OK'],
    ['lines ended by CRLF', `ffww01\r\n${KEY}\r\n`, 'OK'],
    ['a key without its line end', `ffww01\n${KEY}`, 'OK'],
    ['nothing', '', 'ERR: NO_DOMAIN'],
    ['a domain without its line end', 'ffww01', 'ERR: NO_DOMAIN'],
    ['a domain alone', 'ffww01\n', 'ERR: NO_WGKEY'],
    ['a key alone', `${KEY}\n`, 'ERR: NO_DOMAIN'],
    ['a domain that is not configured', `ffww99\n${KEY}\n`, 'ERR: INVALID_DOMAIN'],
    ['an invalid key', 'ffww01\nkey\n', 'ERR: INVALID_WGKEY'],
    ['a line that is too long', `${'a'.repeat(65)}`, 'ERR: LINE_TOO_LONG'],
    ['a second line that is too long', `ffww01\n${'a'.repeat(65)}`, 'ERR: LINE_TOO_LONG'],
    ['an HTTP request', `GET / HTTP/1.1\r\nHost: gateway\r\n\r\n`, 'ERR: INVALID_DOMAIN'],
  ];
  for (const [name, sent, reply] of SENT) {
    test(`answers "${reply}" if a client sends ${name} and ends`, async (t) => {
      const { talk } = await start(t);
      assert.equal(await talk(sent), `${reply}\n`);
    });
  }

  const TIMED_OUT = [
    ['nothing', '', 'NO_DOMAIN'],
    ['half a domain', 'ffww', 'NO_DOMAIN'],
    ['a domain alone', 'ffww01\n', 'NO_WGKEY'],
    ['a domain and half a key', 'ffww01\nTszF', 'NO_WGKEY'],
    ['a key alone', `${KEY}\n`, 'NO_DOMAIN'],
  ] as const;
  for (const [name, sent, code] of TIMED_OUT) {
    test(`answers ${code} if a client sends ${name} and waits`, async (t) => {
      const { open } = await start(t, '[limits]\nline_seconds = 0.3');
      assert.equal(await open(sent).reply, `ERR: ${code}\n`);
    });
  }

  test('passes the address of the client to the handler, and its reply to the client', async (t) => {
    const { talk, asked } = await start(t, '', async ({ key }) => (key === KEYS[1] ? 'FULL' : 'PROHIBITED_WGKEY'));
    assert.equal(await talk(LINES, ELSEWHERE), 'ERR: PROHIBITED_WGKEY\n');
    assert.equal(await talk(`ffww01\n${KEYS[1]}\n`), 'ERR: FULL\n');
    assert.deepEqual(asked, [
      { domain: 'ffww01', key: KEY, from: ELSEWHERE },
      { domain: 'ffww01', key: KEYS[1], from: HERE },
    ]);
  });

  test('neither logs nor counts requests of a check on the same machine, whatever the result', async (t) => {
    const { talk, asked, lines, counted } = await start(t, '', async () => 'PROHIBITED_WGKEY');
    assert.equal(await talk(`-ffww01\n${KEY}\n`), 'ERR: PROHIBITED_WGKEY\n');
    assert.equal(await talk(`--\n${KEY}\n`), 'ERR: INVALID_DOMAIN\n');
    assert.equal(await talk(`-ffww99\n${KEY}\n`), 'ERR: INVALID_DOMAIN\n');
    assert.deepEqual(asked, [{ domain: 'ffww01', key: KEY, from: HERE, look: true }]);
    assert.deepEqual([lines, counted.answers], [[], []]);
  });

  test('does not accept a check from elsewhere', async (t) => {
    const { talk, asked, lines, counted } = await start(t);
    assert.equal(await talk(`-ffww01\n${KEY}\n`, ELSEWHERE), 'ERR: INVALID_DOMAIN\n');
    assert.deepEqual([asked, lines.length, counted.answers], [[], 1, ['INVALID_DOMAIN']]);
  });

  test('does not pass refused requests to the handler', async (t) => {
    const { talk, asked } = await start(t);
    for (const [, sent] of SENT.slice(4)) await talk(sent);
    assert.deepEqual(asked, []);
  });

  test('does not reply to a success if that is configured, but still replies with errors', async (t) => {
    const { talk } = await start(t, 'quiet_success = true', async ({ key }) => (key === KEY ? 'OK' : 'FULL'));
    assert.equal(await talk(LINES), '');
    assert.equal(await talk(`ffww01\n${KEYS[1]}\n`), 'ERR: FULL\n');
    assert.equal(await talk(''), 'ERR: NO_DOMAIN\n');
  });

  test('refuses the connection that has waited longest when there are too many', async (t) => {
    const { open, talk } = await start(t, '[limits]\nconnections = 2\nline_seconds = 30');
    const first = await opened(open(''));
    const second = await opened(open('ffww01\n'));
    assert.equal(await talk(LINES), 'OK\n');
    assert.equal(await first.reply, 'ERR: BUSY\n');
    second.socket.write(`${KEY}\n`);
    assert.equal(await second.reply, 'OK\n');
  });

  test('does not refuse a connection whose lines are already there, however many come at once', async (t) => {
    const { open } = await start(t, '[limits]\nconnections = 2\nline_seconds = 30');
    const router = open(LINES);
    const silent = Array.from({ length: 10 }, () => open(''));
    assert.equal(await router.reply, 'OK\n');
    const replies = silent.slice(0, 8).map(({ reply }) => reply);
    assert.deepEqual([...new Set(await Promise.all(replies))], ['ERR: BUSY\n']);
    assert.equal(silent.filter(({ socket }) => !socket.readableEnded).length, 2);
  });

  test('does not refuse a connection whose request is complete', async (t) => {
    const handler = new Handler();
    const { open } = await start(t, '[limits]\nconnections = 2', handler.ask);
    const complete = open(LINES);
    await handler.asked(1);
    const silent = await opened(open(''));
    const third = await opened(open(LINES));
    assert.equal(await silent.reply, 'ERR: BUSY\n');
    await handler.asked(2);
    assert.equal(await open(LINES).reply, 'ERR: BUSY\n', 'all are complete: the next one is refused');
    handler.answerAll('OK');
    assert.deepEqual(await Promise.all([complete.reply, third.reply]), ['OK\n', 'OK\n']);
  });

  test('limits the requests that are with the handler, even if their clients go away', async (t) => {
    const handler = new Handler();
    const { open, talk } = await start(t, '[limits]\nconnections = 1', handler.ask);
    const { socket, reply } = open(LINES);
    await handler.asked(1);
    socket.resetAndDestroy();
    await reply;
    await pause(50);
    assert.equal(await talk(LINES), 'ERR: BUSY\n');
    handler.answerAll('OK');
  });

  test('keeps as many answered connections as the limit allows, until their clients close them', async (t) => {
    const handler = new Handler();
    const { open, desk, server, configOf, countOpen } = await start(t, '[limits]\nconnections = 6', handler.ask);
    const clients = Array.from({ length: 6 }, () => open(LINES, HERE, true));
    await handler.asked(6);
    desk.configure(configOf('[limits]\nconnections = 2'));
    handler.answerAll('OK');
    await turn();
    assert.equal(server.connections, 2);
    await turn();
    assert.ok((await countOpen()) <= 2, 'a second later each of them is cut anyway');
    for (const { socket } of clients) socket.end();
    assert.deepEqual(await Promise.all(clients.map(({ reply }) => reply)), Array(6).fill('OK\n'));
  });

  test('refuses connections of a source beyond its limit, and serves the others', async (t) => {
    const { open, talk } = await start(t, '[limits]\nconnections_per_source = 2\nline_seconds = 30');
    const first = await opened(open(''));
    await opened(open(''));
    assert.equal(await talk(LINES), 'ERR: BUSY\n');
    assert.equal(await talk(LINES, ELSEWHERE), 'OK\n');
    first.socket.destroy();
    await eventually(async () => (await talk(LINES)) === 'OK\n');
  });

  test('refuses a source that has used up its exchanges, and serves the others', async (t) => {
    const limits = '[limits]\nexchanges_per_source_burst = 2\nexchanges_per_source_per_second =';
    const { talk, asked, desk, configOf } = await start(t, `${limits} 0.001`);
    const replies = await Promise.all([talk(LINES), talk(LINES), talk(LINES)]);
    assert.deepEqual(replies.sort(), ['ERR: BUSY\n', 'OK\n', 'OK\n']);
    assert.equal(await talk(LINES, ELSEWHERE), 'OK\n');
    assert.equal(asked.length, 3);
    desk.configure(configOf(`${limits} 5`));
    await pause(250);
    assert.equal(await talk(LINES), 'OK\n');
  });

  test('has no limits per source for networks that are exempt', async (t) => {
    const { open, talk } = await start(
      t,
      `[limits]
connections_per_source = 1
exchanges_per_source_burst = 1
exchanges_per_source_per_second = 0.001
exempt = ["127.0.0.2/32"]`,
    );
    await opened(open('', ELSEWHERE));
    assert.deepEqual(await Promise.all([talk(LINES, ELSEWHERE), talk(LINES, ELSEWHERE)]), ['OK\n', 'OK\n']);
    assert.equal(await talk(LINES), 'OK\n');
    assert.equal(await talk(LINES), 'ERR: BUSY\n');
  });

  test('applies a new configuration from then on, and keeps its connections', async (t) => {
    const { open, talk, desk, configOf } = await start(t, '[limits]\nline_seconds = 30');
    const before = await opened(open('ffww02\n'));
    assert.equal(await talk(`ffww02\n${KEY}\n`), 'ERR: INVALID_DOMAIN\n');
    desk.configure(configOf('[domains.ffww02]\nwireguard = "wgww02"\nvxlan = "vxww02"'));
    assert.equal(await talk(`ffww02\n${KEY}\n`), 'OK\n');
    before.socket.write(`${KEY}\n`);
    assert.equal(await before.reply, 'OK\n');
  });

  test('finishes what is under way before it ends', async (t) => {
    const handler = new Handler();
    const { open, server } = await start(t, '', handler.ask);
    const { reply } = open(LINES);
    await handler.asked(1);
    const drained = server.drain(5000);
    handler.answerAll('OK');
    await drained;
    assert.equal(await reply, 'OK\n');
  });

  test('does not wait too long for open work before it ends', async (t) => {
    const { open, server } = await start(t, '[limits]\nline_seconds = 30', new Handler().ask);
    const asking = open(LINES);
    const silent = await opened(open(''));
    const begin = performance.now();
    await server.drain(100);
    assert.ok(performance.now() - begin < 10_000);
    await Promise.all([asking.reply, silent.reply]);
  });

  test('logs what it refuses, always escaped', async (t) => {
    const { talk, lines } = await start(t);
    await talk(`\x1b[31mffww01\xe9 code=OK\n${KEY}\n`);
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? '', /^<6>refused [ -~…]*\n$/);
    assert.match(lines[0] ?? '', / from=127\.0\.0\.1( |$)/m);
    assert.match(lines[0] ?? '', / code=INVALID_DOMAIN sent="\\u001b\[31mffww01/);
  });

  test('logs the first refusal of a source for a reason, and counts the others', async (t) => {
    const { open, talk, lines, attention } = await start(t, '[limits]\nconnections_per_source = 1\nline_seconds = 30');
    for (const domain of ['one', 'two', 'three']) await talk(`${domain}\n${KEY}\n`);
    await talk(`four\n${KEY}\n`, ELSEWHERE);
    await opened(open(''));
    for (let time = 0; time < 5; time++) await talk(LINES);
    const first = [
      `<6>refused from=${HERE} code=INVALID_DOMAIN sent="one ${KEY}"\n`,
      `<6>refused from=${ELSEWHERE} code=INVALID_DOMAIN sent="four ${KEY}"\n`,
      `<6>refused from=${HERE} code=BUSY limit=connections_per_source\n`,
    ];
    assert.deepEqual(lines, first);
    attention.flush();
    assert.deepEqual(
      lines.slice(3).map((line) => line.replace(/ seconds=\d+/, '')),
      [
        `<6>refused again from=${HERE} code=BUSY limit=connections_per_source times=4\n`,
        `<6>refused again from=${HERE} code=INVALID_DOMAIN times=2\n`,
      ],
    );
  });
});

describe('the meter', { concurrency: true, timeout: 120_000 }, () => {
  test('counts each connection, and each reply with its domain', async (t) => {
    const { talk, counted } = await start(
      t,
      '[limits]\nexchanges_per_source_burst = 1\nexchanges_per_source_per_second = 0',
    );
    for (const sent of [LINES, LINES, `ffww99\n${KEY}\n`, 'ffww01\nkey\n']) await talk(sent);
    assert.deepEqual(counted.answers, ['ffww01 OK', 'ffww01 BUSY', 'INVALID_DOMAIN', 'INVALID_WGKEY']);
    assert.equal(counted.connections, 4);
  });

  test('measures the time from the connection to the reply', async (t) => {
    const { talk, counted } = await start(t, '', () => pause(300, 'FULL'));
    await talk(LINES);
    assert.deepEqual(counted.answers, ['ffww01 FULL']);
    assert.ok(counted.seconds > 0.29 && counted.seconds < 10, `${counted.seconds} s`);
  });

  test('counts open connections, and no reply for a client that went away without one', async (t) => {
    const handler = new Handler();
    const { server, open, counted } = await start(t, '', handler.ask);
    const { socket } = open(LINES);
    await handler.asked(1);
    assert.equal(server.connections, 1);
    socket.resetAndDestroy();
    await eventually(async () => server.connections === 0);
    handler.answerAll('OK');
    await pause(20);
    assert.deepEqual(counted.answers, []);
  });
});

type Ask = (exchange: Exchange) => Promise<ReplyCode>;

/** A server on a port of its own, which ends with the test. */
async function start(t: TestContext, settings = '', ask: Ask = async () => 'OK') {
  const domain = '[domains.ffww01]\nwireguard = "wgww01"\nvxlan = "vxww01"\n';
  const configOf = (more: string) => parseConfig(`${more}\n${domain}`, 'wgkex.toml');
  const config = configOf(settings);
  const lines: string[] = [];
  const asked: Exchange[] = [];
  const log = new Log(config.log, 'journal', (line) => {
    lines.push(line);
  });
  const attention = new Attention(log);
  const askAndNote: Ask = (exchange) => {
    asked.push(exchange);
    return ask(exchange);
  };
  const counted = { connections: 0, answers: [] as string[], seconds: 0 };
  const meter = {
    connected: () => void counted.connections++,
    answered: (name: DomainName | undefined, code: ReplyCode, seconds: number) => {
      counted.answers.push(name === undefined ? code : `${name} ${code}`);
      counted.seconds = seconds;
    },
  };
  const askLease = async () => ({ code: 'FAILED' as const });
  const handler = { ask: askAndNote, askLease, findGateway: async () => undefined };
  const desk = new Desk(config, handler, attention, meter);
  const server = new LinesServer(desk);
  const sockets = new Set<Socket>();
  const listening = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    server.accept(socket);
  });
  listening.listen(0, HERE);
  await once(listening, 'listening');
  const { port } = listening.address() as AddressInfo;
  t.after(() => {
    listening.close();
    for (const socket of sockets) socket.destroy();
  });
  const open = (sent: string, localAddress = HERE, allowHalfOpen = false) => {
    const socket = connect({ port, host: HERE, localAddress, allowHalfOpen });
    sockets.add(socket);
    if (sent !== '') socket.write(sent, 'latin1');
    return { socket, reply: readAll(socket) };
  };
  /** Sends everything, ends, and waits for the reply. */
  const talk = (sent: string, localAddress?: string) => {
    const { socket, reply } = open(sent, localAddress);
    socket.end();
    return reply;
  };
  const countOpen = promisify(listening.getConnections.bind(listening));
  return { desk, server, open, talk, asked, lines, attention, configOf, counted, countOpen };
}

function readAll(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk;
    });
    socket.on('close', () => resolve(received));
    socket.on('error', reject);
  });
}

/** Waits until the server has the connection and has read what was sent. */
async function opened<T extends { readonly socket: Socket }>(client: T): Promise<T> {
  if (client.socket.connecting) await once(client.socket, 'connect');
  await pause(50);
  return client;
}

async function eventually(condition: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 60_000;
  while (!(await condition())) {
    assert.ok(performance.now() < end, 'the condition did not hold within 60 s');
    await pause(20);
  }
}

/** A handler that answers when the test wants it to. */
class Handler {
  #waiting: ((reply: ReplyCode) => void)[] = [];

  readonly ask: Ask = () => new Promise((answer) => this.#waiting.push(answer));

  asked(count: number): Promise<void> {
    return eventually(async () => this.#waiting.length >= count);
  }

  answerAll(reply: ReplyCode): void {
    for (const answer of this.#waiting) answer(reply);
  }
}
