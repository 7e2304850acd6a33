import { connect, type Socket } from 'node:net';

/** Where a router sends its request, as its firmware would take it from a URL. */
export interface Address {
  readonly host: string;
  readonly port: number;
  readonly path: string;
}

interface Reply {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** Between two segments: each has to reach the gateway by itself. */
const GAP_MILLISECONDS = 2;
const USER_AGENT = 'uclient-fetch';

/**
 * Sends a request as the firmware of Gluon's community package does, by OpenWrt's uclient-fetch (uclient-http.c, 2025):
 * HTTP/1.1, each header in a segment of its own, a chunked body without Content-Length. Resolves with the JSON of the reply.
 * @throws Error for every reply that uclient-fetch does not take: anything but 200 with Content-Length or chunks.
 */
export async function postAsFirmware({ host, port, path }: Address, fields: object): Promise<unknown> {
  const body = JSON.stringify(fields);
  const name = host.includes(':') ? `[${host}]` : host;
  const segments = [
    `POST ${path} HTTP/1.1\r\nHost: ${name}:${port}\r\n`,
    `User-Agent: ${USER_AGENT}\r\n`,
    'Content-Type: application/json\r\n',
    'Transfer-Encoding: chunked\r\n',
    '\r\n',
    `${body.length.toString(16).toUpperCase()}\r\n`,
    body,
    '\r\n',
    '0\r\n\r\n',
  ];
  return JSON.parse(requireReply(await sendSegments({ host, port }, segments)).body);
}

/** The request with which firmware looks whether its tunnel works; throws as {@link postAsFirmware} does. */
export async function getAsFirmware({ host, port, path }: Address): Promise<string> {
  const segments = [`GET ${path} HTTP/1.1\r\nHost: ${host}:${port}\r\n`, `User-Agent: ${USER_AGENT}\r\n`, '\r\n'];
  return requireReply(await sendSegments({ host, port }, segments)).body;
}

/** Resolves with everything that arrives until a whole reply is there or the gateway closes. */
export async function sendSegments(
  { host, port }: Pick<Address, 'host' | 'port'>,
  segments: readonly string[],
): Promise<string> {
  const socket = connect({ host, port, noDelay: true });
  const received = receive(socket);
  // The gateway may be gone before everything is sent.
  received.catch(() => {});
  for (const segment of segments) {
    socket.write(segment);
    await new Promise((resolve) => setTimeout(resolve, GAP_MILLISECONDS));
  }
  return received.finally(() => socket.destroy());
}

/** @throws Error unless it is a reply that uclient-fetch takes. */
function requireReply(text: string): Reply {
  const reply = parseReply(text);
  if (reply === undefined) throw new Error(`not a whole reply: ${JSON.stringify(text)}`);
  if (reply.status !== 200) throw new Error(`status ${reply.status}: ${reply.body}`);
  return reply;
}

/** Undefined if it is not whole, or could end only with the connection. */
export function parseReply(text: string): Reply | undefined {
  const [, head = '', rest] = text.match(/^([\s\S]*?)\r\n\r\n([\s\S]*)$/) ?? [];
  const [statusLine = '', ...lines] = head.split('\r\n');
  const [, status] = statusLine.match(/^HTTP\/1\.1 (\d{3}) /) ?? [];
  if (rest === undefined || status === undefined) return undefined;
  const headers = new Map(lines.map((line) => [line.replace(/:.*$/, '').toLowerCase(), line.replace(/^[^:]*: */, '')]));
  const length = headers.get('content-length');
  const body = length === undefined ? readChunks(rest) : rest.length < Number(length) ? undefined : rest;
  return body === undefined ? undefined : { status: Number(status), headers, body };
}

function readChunks(text: string): string | undefined {
  const [, size, rest = ''] = text.match(/^([0-9a-f]+)\r\n([\s\S]*)$/i) ?? [];
  if (size === undefined) return undefined;
  const length = Number.parseInt(size, 16);
  if (length === 0) return '';
  const more = readChunks(rest.slice(length + 2));
  return more === undefined ? undefined : rest.slice(0, length) + more;
}

function receive(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
      if (parseReply(text) !== undefined) resolve(text);
    });
    socket.on('end', () => resolve(text));
    socket.on('error', reject);
  });
}
