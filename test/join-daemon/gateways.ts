import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { buildTunnelConfig } from '../../src/core/leases/tunnel-config.ts';
import { parseIpAddress } from '../../src/core/values/ip-address.ts';
import { KEYS } from '../core/arbitraries.ts';

const HERE = '127.0.0.1';
const PROOF = 'r'.repeat(43);

/** How a gateway answers an exchange. */
export type Manner = (socket: Socket) => void;

/** A gateway of the tests: a TCP server on this machine. */
export interface TestGateway {
  readonly port: number;
  /** As root's file has it. */
  readonly on: string;
  /** The lines that came, one text for each exchange. */
  readonly exchanges: string[];
  /** How it answers from now on. */
  manner: Manner;
}

export async function startGateway(t: TestContext, manner: Manner): Promise<TestGateway> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let said = '';
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      said += chunk.toString('latin1');
      if (said.split('\n').length !== 4) return;
      gateway.exchanges.push(said);
      gateway.manner(socket);
    });
  });
  server.listen(0, HERE);
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'string' || address === null ? 0 : address.port;
  const gateway: TestGateway = { port, on: `${HERE}:${port}`, exchanges: [], manner };
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return gateway;
}

/** The address of a gateway that is gone. */
export async function findDeadPort(): Promise<string> {
  const server = createServer();
  server.listen(0, HERE);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return `${HERE}:${typeof address === 'string' ? 0 : address?.port}`;
}

/** The line of a configuration, in base64. */
export function buildConfig(relay?: string, endpoint = '127.0.0.1:51820'): string {
  const text = buildTunnelConfig({
    addresses: { address4: parseIpAddress('10.66.0.7'), address6: undefined },
    publicKey: KEYS[1],
    endpoint,
    allowedIps: ['10.66.0.0/24'],
    dns: [],
    mtu: 1420,
    expires: undefined,
    relay,
  });
  return Buffer.from(text).toString('base64');
}

const saying =
  (text: string): Manner =>
  (socket) =>
    void socket.end(text);

/** Drips bytes as long as somebody listens. */
const slowly =
  (text: string): Manner =>
  (socket) => {
    let sent = 0;
    const timer = setInterval(() => void socket.write(text.charAt(sent++) || 'x'), 50);
    socket.on('close', () => clearInterval(timer));
  };

const endlessly: Manner = (socket) => {
  const chunk = 'OK'.repeat(10_000);
  const pour = () => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('drain', pour);
  pour();
};

export const MANNERS = {
  good: (relay?: string) => saying(`OK\n${buildConfig(relay)}\n${PROOF}\n`),
  refusing: (code: string) => saying(`ERR: ${code}\n`),
  silent: (() => {}) as Manner,
  slow: slowly(`OK\n${buildConfig()}`),
  huge: endlessly,
  garbage: saying('HTTP/1.1 400 Bad Request\r\n\r\n'),
  closing: (socket: Socket) => void socket.destroy(),
  empty: saying(''),
  withCommand: saying(
    `OK\n${Buffer.from('# Ends: never\n[Interface]\nPostUp = reboot\n').toString('base64')}\n${PROOF}\n`,
  ),
  cut: saying(`OK\n${buildConfig()}\n${PROOF}`),
};
