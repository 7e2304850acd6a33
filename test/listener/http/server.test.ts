import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { getAsFirmware, parseReply, postAsFirmware, sendSegments } from '../../../lab/firmware.ts';
import { parseConfig } from '../../../src/config/config.ts';
import { type Exchange, REPLY_CODES, type ReplyCode } from '../../../src/core/exchange/exchange.ts';
import type { GatewayInterface } from '../../../src/core/exchange/gateway.ts';
import { parseIpAddress } from '../../../src/core/values/ip-address.ts';
import { Desk } from '../../../src/listener/desk.ts';
import { HttpServer } from '../../../src/listener/http/server.ts';
import { Attention } from '../../../src/log/flood-guard.ts';
import { Log } from '../../../src/log/log.ts';
import { KEYS } from '../../core/arbitraries.ts';

const HERE = '127.0.0.1';
const V1 = '/api/v1/wg/key/exchange';
const V2 = '/api/v2/wg/key/exchange';
const GATEWAY: GatewayInterface = { port: 40_000, publicKey: KEYS[1], linkAddress: parseIpAddress('fe80::1') };
const WANTED = { domain: 'ffww01', public_key: KEYS[0] };
const GOOD = JSON.stringify(WANTED);

describe('the HTTP door', { timeout: 120_000 }, () => {
  test('admits a router by v1, byte for byte as firmware asks', async (t) => {
    const { at, asked } = await start(t);
    assert.deepEqual(await postAsFirmware(at(V1), WANTED), { Message: 'OK', status: 'OK' });
    assert.deepEqual(asked, [{ domain: 'ffww01', key: KEYS[0], from: HERE }]);
  });

  test('tells a router by v2 which gateway it should dial', async (t) => {
    const { at } = await start(t);
    assert.deepEqual(await postAsFirmware(at(V2), WANTED), {
      Endpoint: { Address: 'gw1.example.org', AllowedIPs: ['fe80::1'], Port: '40000', PublicKey: KEYS[1] },
    });
  });

  test('never says OK by v2 without a gateway to name', async (t) => {
    const { at } = await start(t, { findGateway: async () => undefined });
    await assert.rejects(postAsFirmware(at(V2), WANTED), /status 503: .*FAILED/);
  });

  for (const path of ['/', '/ping'])
    test(`answers GET and HEAD ${path} with 200`, async (t) => {
      const { at, talk, asked } = await start(t);
      assert.match(await getAsFirmware(at(path)), /^\w+\n$/);
      const head = await talk(`HEAD ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      assert.match(head, /^HTTP\/1\.1 200 OK\r\n[\s\S]*Content-Length: [1-9]\d*\r\n[\s\S]*\r\n\r\n$/);
      assert.equal(asked.length, 0);
    });

  for (const [code, status] of [
    ['PROHIBITED_WGKEY', 403],
    ['ADDRESS_TAKEN', 409],
    ['BUSY', 429],
    ['FULL', 503],
    ['FAILED', 503],
  ] as const)
    test(`answers ${code} with ${status}`, async (t) => {
      const { post } = await start(t, { ask: async () => code });
      for (const path of [V1, V2]) {
        const reply = await post(GOOD, { path });
        assert.equal(reply.status, status);
        assert.equal(JSON.parse(reply.body).error.code, code);
        assert.equal(reply.headers.get('retry-after'), code === 'BUSY' ? '10' : undefined);
      }
    });

  for (const [what, body, code] of [
    ['no JSON', 'domain=ffww01', 'NO_DOMAIN'],
    ['a list', '[]', 'NO_DOMAIN'],
    ['no domain', JSON.stringify({ public_key: KEYS[0] }), 'NO_DOMAIN'],
    ['an empty domain', JSON.stringify({ ...WANTED, domain: '' }), 'NO_DOMAIN'],
    ['no key', JSON.stringify({ domain: 'ffww01' }), 'NO_WGKEY'],
    ['a domain of elsewhere', JSON.stringify({ ...WANTED, domain: 'ffww02' }), 'INVALID_DOMAIN'],
    ['a number as the domain', JSON.stringify({ ...WANTED, domain: 1 }), 'INVALID_DOMAIN'],
    ['a blank after the key', JSON.stringify({ ...WANTED, public_key: `${KEYS[0]} ` }), 'INVALID_WGKEY'],
    ['an LF after the key', JSON.stringify({ ...WANTED, public_key: `${KEYS[0]}\n` }), 'INVALID_WGKEY'],
    ['a list of keys', JSON.stringify({ ...WANTED, public_key: [KEYS[0]] }), 'INVALID_WGKEY'],
  ] as const)
    test(`answers ${what} with 400 and ${code}`, async (t) => {
      const { post, asked } = await start(t);
      const reply = await post(body);
      assert.equal(reply.status, 400);
      assert.equal(JSON.parse(reply.body).error.code, code);
      assert.equal(asked.length, 0);
    });

  test('takes "segment" for the domain, further fields, any Content-Type, and a configured path', async (t) => {
    const { at, post, asked } = await start(t, { http: 'paths = ["/api/add_key"]' });
    const body = JSON.stringify({ segment: 'ffww01', public_key: KEYS[0], node_name: 'x', more: { deep: [1] } });
    assert.equal((await post(body, { headers: 'Content-Type: application/x-www-form-urlencoded\r\n' })).status, 200);
    await postAsFirmware(at('/api/add_key'), WANTED);
    assert.equal(asked.length, 2);
  });

  test('takes the default domain for a client that sends none', async (t) => {
    const { post, asked } = await start(t, { http: 'default_domain = "ffww01"' });
    assert.equal((await post(JSON.stringify({ node_name: 'x', public_key: KEYS[0] }))).status, 200);
    assert.equal(asked[0]?.domain, 'ffww01');
  });

  for (const [what, request, status, allow] of [
    ['another path', 'GET /wg HTTP/1.1', 404, undefined],
    ['a path that only begins like one', `POST ${V1}/ HTTP/1.1`, 404, undefined],
    ['GET where routers post', `GET ${V1} HTTP/1.1`, 405, 'POST'],
    ['POST where routers look', 'POST / HTTP/1.1', 405, 'GET, HEAD'],
    ['OPTIONS', 'OPTIONS / HTTP/1.1', 405, 'GET, HEAD'],
  ] as const)
    test(`answers ${what} with ${status}`, async (t) => {
      const { talk } = await start(t);
      const reply = parseReply(await talk(`${request}\r\nHost: x\r\n\r\n`));
      assert.equal(reply?.status, status);
      assert.equal(reply?.headers.get('allow'), allow);
      assert.equal(reply?.body, '');
    });

  for (const [what, sent, status] of [
    [
      'both lengths',
      `POST ${V1} HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
    ],
    ['two lengths', `POST ${V1} HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n`, 400],
    ['a folded header', 'GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n', 400],
    ['a bare CR', 'GET / HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n', 400],
    ['a blank before the colon', 'GET / HTTP/1.1\r\nHost : x\r\n\r\n', 400],
    ['no host', 'GET / HTTP/1.1\r\n\r\n', 400],
    ['two lines', `ffww01\n${KEYS[0]}\n`, 400],
    ['8 kB of headers', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(8192)}\r\n\r\n`, 431],
    ['a tunnel', 'CONNECT example.org:443 HTTP/1.1\r\nHost: x\r\n\r\n', 405],
    [
      'a body of more than 4 kB',
      `POST ${V1} HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n${' '.repeat(5000)}`,
      413,
    ],
  ] as const)
    test(`answers ${what} with ${status} and nothing else, and closes`, async (t) => {
      const { talk, asked } = await start(t);
      const text = await talk(sent);
      const reply = parseReply(text);
      assert.equal(reply?.status, status, text);
      assert.equal(reply?.body.replace(/^0\r\n\r\n$/, ''), '');
      assert.equal(reply?.headers.get('connection'), 'close');
      assert.equal(asked.length, 0);
    });

  for (const [what, version, headers] of [
    ['Expect: 100-continue', '1.1', 'Expect: 100-continue\r\n'],
    ['another expectation', '1.1', 'Expect: miracles\r\n'],
    ['Upgrade', '1.1', 'Connection: Upgrade\r\nUpgrade: h2c\r\n'],
    ['HTTP/1.0', '1.0', ''],
  ] as const)
    test(`answers a request with ${what} once, with 200 and a length`, async (t) => {
      const { talk } = await start(t);
      const body = `Content-Length: ${GOOD.length}\r\n\r\n${GOOD}`;
      const text = await talk(`POST ${V1} HTTP/${version}\r\nHost: x\r\n${headers}${body}`, true);
      const reply = parseReply(text);
      assert.equal(reply?.status, 200, text);
      assert.ok(reply?.headers.has('content-length'));
      assert.equal(text.match(/HTTP\/1/g)?.length, 1, text);
    });

  test('answers requests of one connection one after the other', async (t) => {
    const { talk, asked } = await start(t);
    const one = `POST ${V1} HTTP/1.1\r\nHost: x\r\nContent-Length: ${GOOD.length}\r\n`;
    const text = await talk(`${one}\r\n${GOOD}${one}Connection: close\r\n\r\n${GOOD}`);
    assert.equal(text.match(/"Message":"OK"/g)?.length, 2, text);
    assert.equal(asked.length, 2);
  });

  test('cuts a client that sends many requests without waiting', async (t) => {
    const { talk, asked } = await start(t, { ask: () => new Promise(() => {}) });
    const one = `POST ${V1} HTTP/1.1\r\nHost: x\r\nContent-Length: ${GOOD.length}\r\n\r\n${GOOD}`;
    assert.equal(await talk(one.repeat(500)), '');
    assert.ok(asked.length <= 1, `${asked.length}`);
  });

  test('stays up when a tunnel is asked for behind requests, the first of which is refused, in one segment', async (t) => {
    const { at, talk } = await start(t);
    const refused = `PATCH ${V1} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}`;
    const text = await talk(`${refused}GET / HTTP/1.1\r\nHost: x\r\n\r\nCONNECT /a HTTP/1.1\r\nHost: x\r\n\r\n`);
    assert.match(text, /^(HTTP\/1\.1 405|$)/);
    assert.match(await getAsFirmware(at('/')), /^\w+\n$/);
  });

  test('answers a client that closes its sending side', async (t) => {
    const { talk } = await start(t);
    const one = `POST ${V1} HTTP/1.1\r\nHost: x\r\nContent-Length: ${GOOD.length}\r\n\r\n${GOOD}`;
    assert.match(await talk(one, true), /"Message":"OK"/);
  });

  test('gives a source as many exchanges as the lines do, and GET takes none of them', async (t) => {
    const { post, at } = await start(t, {
      limits: 'exchanges_per_source_burst = 2\nexchanges_per_source_per_second = 0',
    });
    for (let count = 0; count < 10; count++) await getAsFirmware(at('/'));
    assert.equal((await post(GOOD)).status, 200);
    assert.equal((await post(GOOD)).status, 200);
    assert.equal((await post(GOOD)).status, 429);
  });

  test('refuses the requests of a source that has too many connections', async (t) => {
    const { open, post } = await start(t, { limits: 'connections_per_source = 2' });
    await Promise.all([open(), open()]);
    const reply = await post(GOOD);
    assert.equal(reply.status, 429);
  });
});

describe('behind a trusted proxy the HTTP door', { timeout: 120_000 }, () => {
  const http = `trusted_proxies = ["${HERE}", "10.9.0.0/16"]`;

  for (const [header, from] of [
    ['192.0.2.1', '192.0.2.1'],
    ['192.0.2.1:4711', '192.0.2.1'],
    ['2001:db8::1', '2001:db8::1'],
    ['[2001:db8::1]:443', '2001:db8::1'],
    ['198.51.100.9, 192.0.2.1', '192.0.2.1'],
    ['192.0.2.1, 10.9.1.1', '192.0.2.1'],
    ['192.0.2.1, nonsense', undefined],
    ['10.9.1.1', undefined],
    ['', undefined],
  ] as const)
    test(`takes the router from "${header}": ${from ?? 'unknown'}`, async (t) => {
      const { post, asked } = await start(t, { http });
      await post(GOOD, { headers: `X-Forwarded-For: ${header}\r\n` });
      assert.equal(asked[0]?.from, from);
    });

  test('joins several headers', async (t) => {
    const { post, asked } = await start(t, { http });
    await post(GOOD, { headers: 'X-Forwarded-For: 198.51.100.9\r\nX-Forwarded-For: 192.0.2.1\r\n' });
    assert.equal(asked[0]?.from, '192.0.2.1');
  });

  test('gives each router its own share, and counts those without an address together', async (t) => {
    const { post } = await start(t, {
      http,
      limits: 'exchanges_per_source_burst = 1\nexchanges_per_source_per_second = 0',
    });
    const from = (header: string) => ({ headers: `X-Forwarded-For: ${header}\r\n` });
    assert.equal((await post(GOOD, from('192.0.2.1'))).status, 200);
    assert.equal((await post(GOOD, from('192.0.2.1'))).status, 429);
    assert.equal((await post(GOOD, from('192.0.2.2'))).status, 200);
    assert.equal((await post(GOOD, from('nonsense'))).status, 200);
    assert.equal((await post(GOOD, from('rubbish'))).status, 429);
  });

  test('may have more connections than one source', async (t) => {
    const { open, post } = await start(t, { http, limits: 'connections_per_source = 1' });
    await Promise.all([open(), open(), open()]);
    assert.equal((await post(GOOD, { headers: 'X-Forwarded-For: 192.0.2.1\r\n' })).status, 200);
  });

  test('bounds the requests of a router that are under way', async (t) => {
    const { post, asked } = await start(t, {
      http,
      limits: 'connections_per_source = 1',
      ask: () => new Promise(() => {}),
    });
    const headers = 'X-Forwarded-For: 192.0.2.1\r\n';
    void post(GOOD, { headers }).catch(() => {});
    while (asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal((await post(GOOD, { headers })).status, 429);
  });
});

test('X-Forwarded-For counts for nothing without a trusted proxy', async (t) => {
  const { post, asked } = await start(t);
  await post(GOOD, { headers: 'X-Forwarded-For: 192.0.2.1\r\n' });
  assert.equal(asked[0]?.from, HERE);
});

test('an HTTP door that stops answers what is under way and closes the rest', async (t) => {
  let answer: (code: ReplyCode) => void = () => {};
  const ask = () => new Promise<ReplyCode>((resolve) => (answer = resolve));
  const { server, post, asked, talk } = await start(t, { ask });
  const idle = talk('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  const reply = post(GOOD);
  while (asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const drained = server.drain(5000);
  assert.match(await idle, / 200 OK/);
  answer('OK');
  const { status, headers } = await reply;
  assert.deepEqual([status, headers.get('connection')], [200, 'close']);
  await drained;
  assert.equal(server.connections, 0);
});

test('an HTTP door that has to stop says BUSY to those that still wait', async (t) => {
  const { server, post, asked } = await start(t, { ask: () => new Promise(() => {}) });
  const reply = post(GOOD);
  while (asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await server.drain(50);
  assert.equal((await reply).status, 429);
});

test('each error code has a status that firmware takes as a failure', async (t) => {
  for (const code of REPLY_CODES.filter((one) => one !== 'OK')) {
    const { at } = await start(t, { ask: async () => code });
    await assert.rejects(postAsFirmware(at(V1), WANTED), /status [45]\d\d: /, code);
  }
});

interface Options {
  readonly http?: string;
  readonly limits?: string;
  readonly ask?: (exchange: Exchange) => Promise<ReplyCode>;
  readonly findGateway?: () => Promise<GatewayInterface | undefined>;
}

/** A door on a port of its own, which ends with the test. */
async function start(t: TestContext, { http = '', limits = '', ask, findGateway }: Options = {}) {
  const domain = '[domains.ffww01]\nwireguard = "wgww01"\nvxlan = "vxww01"\n';
  const gateway = '[gateway]\nname = "gw1.example.org"\n';
  const config = parseConfig(`${gateway}[http]\n${http}\n[limits]\n${limits}\n${domain}`, 'wgkex.toml');
  const asked: Exchange[] = [];
  const log = new Log(config.log, 'journal', () => {});
  const handler = {
    ask: (exchange: Exchange) => {
      asked.push(exchange);
      return ask?.(exchange) ?? Promise.resolve('OK' as const);
    },
    askLease: async () => ({ code: 'FAILED' as const }),
    findGateway: findGateway ?? (async () => GATEWAY),
  };
  const meter = { connected: () => {}, answered: () => {}, httpAnswered: () => {} };
  const server = new HttpServer(new Desk(config, handler, new Attention(log), meter), meter);
  const listening = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => server.accept(socket));
  const sockets = new Set<Socket>();
  listening.on('connection', (socket) => sockets.add(socket)).listen(0, HERE);
  await once(listening, 'listening');
  const { port } = listening.address() as AddressInfo;
  t.after(() => {
    listening.close();
    for (const socket of sockets) socket.destroy();
  });
  const at = (path: string) => ({ host: HERE, port, path });
  const post = async (body: string, { path = V1, headers = '' } = {}) => {
    const head = `POST ${path} HTTP/1.1\r\nHost: x\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
    const text = await sendSegments({ host: HERE, port }, [head + body]);
    const reply = parseReply(text);
    assert.ok(reply !== undefined, text);
    return reply;
  };
  /** Resolves with everything that arrives until the connection ends. */
  const talk = async (sent: string, halfClose = false) => {
    const socket = connect({ port, host: HERE, allowHalfOpen: true });
    sockets.add(socket);
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', () => {});
    socket.on('end', () => socket.end());
    socket.write(sent);
    if (halfClose) socket.end();
    await new Promise((resolve) => socket.on('close', resolve));
    return text;
  };
  const open = async () => {
    const socket = connect(port, HERE);
    sockets.add(socket);
    await once(socket, 'connect');
    return socket;
  };
  return { server, asked, at, post, talk, open };
}
