import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { EXCHANGE_PORT } from './gateway.ts';

export interface ClientOptions {
  /** An address of the test's own, see `Segment.addSource`. */
  readonly from?: string;
  /** Close the sending side after the last chunk. */
  readonly halfClose?: boolean;
  /** Milliseconds between two chunks. */
  readonly gap?: number;
  /** The two lines' port if undefined. */
  readonly port?: number;
}

/** Sends chunks to a gateway and resolves with the whole answer when the gateway has closed. */
export async function send(
  host: string,
  chunks: readonly (string | Uint8Array)[],
  options: ClientOptions = {},
): Promise<string> {
  const socket = await open(host, options);
  const reply = readAll(socket);
  for (const [index, chunk] of chunks.entries()) {
    if (index > 0 && options.gap !== undefined) await new Promise((resolve) => setTimeout(resolve, options.gap));
    if (!socket.destroyed) socket.write(chunk);
  }
  if (options.halfClose === true) socket.end();
  return reply;
}

/** The two lines of a router, as routers in the field send them. */
export function exchange(host: string, domain: string, key: string, options: ClientOptions = {}): Promise<string> {
  return send(host, [`${domain}\n${key}\n`], options);
}

/** Connects and says nothing. */
export function open(host: string, { from, port = EXCHANGE_PORT }: ClientOptions = {}): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const local = from === undefined ? {} : { localAddress: from };
    const socket = connect({ host, port, allowHalfOpen: true, ...local });
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
  });
}

/** Resolves with the gateway's answer when it has closed; rejects if it reset the connection. */
export function readAll(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('end', () => {
      socket.end();
      resolve(text);
    });
    socket.on('error', reject);
  });
}

/** A key whose private key nobody has. */
export function makeKey(): string {
  return randomBytes(32).toString('base64');
}
