import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { eventually } from '../../lab/commands.ts';
import { parseReply } from '../../lab/firmware.ts';
import { parseConfig } from '../../src/config/config.ts';
import { type Exchange, REPLY_CODES } from '../../src/core/exchange/exchange.ts';
import { parseIpAddress } from '../../src/core/values/ip-address.ts';
import { isPublicKey, parsePublicKey } from '../../src/core/values/public-key.ts';
import { Desk } from '../../src/listener/desk.ts';
import { HttpServer } from '../../src/listener/http/server.ts';
import { Attention } from '../../src/log/flood-guard.ts';
import { Log } from '../../src/log/log.ts';
import type { Bytes } from '../arbitraries/bytes.ts';
import { requestsOf } from '../arbitraries/http.ts';
import { printEntries } from '../corpus.ts';
import { REFUSED_KEYS, ROUTERS_KEYS } from '../keys.ts';
import type { Target } from './target.ts';

const HERE = '127.0.0.1';
const DOMAINS = ['ffww01', 'ffmuc', 'gluon'];
const STATUSES = [200, 400, 403, 404, 405, 408, 409, 413, 429, 431, 503];
const SETTINGS = `
[gateway]
name = "gw1.example.org"
[http]
paths = ["/api/add_key"]
[limits]
connections_per_source = 100000
exchanges_per_source_burst = 1000000
exchanges_per_source_per_second = 1000000
${DOMAINS.map((name) => `[domains.${name}]\nwireguard = "wg-${name}"\nvxlan = "vx-${name}"`).join('\n')}
`;

type Run = readonly Bytes[];

/** The HTTP door on real connections of this process; its handler answers each request with one of all codes. */
export async function createHttpTarget(): Promise<Target<Run>> {
  const config = parseConfig(SETTINGS, 'wgkex.toml');
  const asked: Exchange[] = [];
  const handler = {
    ask: async (exchange: Exchange) => {
      asked.push(exchange);
      return REPLY_CODES[asked.length % REPLY_CODES.length] ?? 'OK';
    },
    askLease: async () => ({ code: 'FAILED' as const }),
    findGateway: async () => ({
      port: 40_000,
      publicKey: parsePublicKey(ROUTERS_KEYS[0] ?? ''),
      linkAddress: parseIpAddress('fe80::1'),
    }),
  };
  const meter = { connected: () => {}, answered: () => {}, httpAnswered: () => {} };
  const log = new Log(config.log, 'journal', () => {});
  const server = new HttpServer(new Desk(config, handler, new Attention(log), meter), meter);
  const listening = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => server.accept(socket));
  listening.listen(0, HERE);
  await once(listening, 'listening');
  const { port } = listening.address() as AddressInfo;
  return {
    name: 'http',
    corpus: [],
    runs: requestsOf({ domains: DOMAINS, keys: REFUSED_KEYS }),
    runsPerRound: 500,
    count: () => 1,
    print: (run) => printEntries('requests', [{ chunks: run }]),
    check: async (run) => {
      asked.length = 0;
      const replies = readReplies(await talk(port, run));
      for (const { status } of replies) assert.ok(STATUSES.includes(status), `status ${status}`);
      for (const { domain, key } of asked) assert.ok(DOMAINS.includes(domain) && isPublicKey(key), `${domain} ${key}`);
      const granted = replies.filter(({ status, body }) => status === 200 && body.startsWith('{')).length;
      assert.ok(granted <= asked.length, `${granted} times 200 for ${asked.length} exchanges`);
    },
    observe: async () => `, ${server.connections} connections`,
    finish: () => eventually('no connection is left', () => server.connections === 0),
    close: async () => void listening.close(),
  };
}

/** Sends everything, ends, and resolves with what comes back before the connection closes. */
async function talk(port: number, chunks: Run): Promise<string> {
  const socket = connect({ port, host: HERE, noDelay: true, allowHalfOpen: true });
  let text = '';
  socket.setEncoding('latin1');
  socket.on('data', (chunk) => {
    text += chunk;
  });
  socket.on('error', () => {});
  for (const chunk of chunks) socket.write(chunk, 'latin1');
  socket.end();
  await once(socket, 'close');
  return text;
}

/** @throws AssertionError if it is anything but whole replies; a HEAD's has a length and no body. */
function readReplies(text: string) {
  const replies: { readonly status: number; readonly body: string }[] = [];
  for (let rest = text; rest !== ''; ) {
    const [next = rest] = rest.split(/(?<=\r\n\r\n[\s\S]*)(?=HTTP\/1\.1 \d{3} )/);
    const head = parseReply(next) ?? parseReply(next.replace(/\r\nContent-Length: \d+/i, '\r\nContent-Length: 0'));
    assert.ok(head !== undefined, `not a whole reply: ${JSON.stringify(next)}`);
    assert.ok(head.headers.has('content-length') || head.headers.has('transfer-encoding'), next);
    replies.push(head);
    rest = rest.slice(next.length);
  }
  return replies;
}
