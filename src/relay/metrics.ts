import { createServer, type ServerResponse } from 'node:http';
import { Counter, Gauge, Registry } from 'prom-client';
import { version } from '../../package.json';
import { InputError } from '../core/values/errors.ts';
import { formatHostPort, type HostPort } from '../core/values/host-port.ts';
import type { Figures } from './figures.ts';

const PATH = '/metrics';
/** More are closed at once. */
const MOST_CLIENTS = 16;
const CLIENT_SECONDS = 5;
/** Node checks its connections at an interval, which would wake it up; these have deadlines of their own. */
const NEVER_MILLISECONDS = 2 ** 31 - 1;

/** Serves the figures to Prometheus. Between two scrapes nothing runs. @throws InputError if it cannot listen. */
export async function serveMetrics(address: HostPort, figures: Figures): Promise<void> {
  const registry = buildRegistry(figures);
  const server = createServer(
    { connectionsCheckingInterval: NEVER_MILLISECONDS, keepAlive: false },
    ({ method, url }, response) => {
      const isForPage = (method === 'GET' || method === 'HEAD') && url?.replace(/\?.*$/, '') === PATH;
      if (!isForPage) return answer(response, 404, 'text/plain', `There is only ${PATH}\n`);
      void registry.metrics().then((text) => answer(response, 200, registry.contentType, text));
    },
  );
  server.maxConnections = MOST_CLIENTS;
  server.on('connection', (socket) => {
    const late = setTimeout(() => socket.destroy(), CLIENT_SECONDS * 1000);
    socket.on('close', () => clearTimeout(late));
  });
  await new Promise<void>((resolve, reject) => {
    server.on('error', (error: NodeJS.ErrnoException) =>
      reject(new InputError(`Cannot listen on ${formatHostPort(address)}: ${error.code ?? error.message}`)),
    );
    server.listen(address, resolve);
  });
}

function answer(response: ServerResponse, status: number, type: string, text: string): void {
  const length = Buffer.byteLength(text);
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': length, Connection: 'close' });
  response.end(text);
}

/** The figures are read at each scrape. */
function buildRegistry(figures: Figures): Registry {
  const registry = new Registry();
  const labels = { version, node: process.versions.node };
  const build = { name: 'wgkex_relay_build_info', help: 'The versions of wgkex-relay and of Node.' };
  new Gauge({ ...build, labelNames: Object.keys(labels), registers: [registry] }).set(labels, 1);
  new Gauge({
    name: 'wgkex_relay_connections',
    help: 'Open TCP connections.',
    registers: [registry],
    collect() {
      this.set(figures.connections);
    },
  });
  const count = (name: string, help: string, label: string, read: () => Record<string, number>) =>
    new Counter({
      name: `wgkex_relay_${name}`,
      help,
      labelNames: label === '' ? [] : [label],
      registers: [registry],
      collect() {
        this.reset();
        for (const [word, number] of Object.entries(read())) this.inc(label === '' ? {} : { [label]: word }, number);
      },
    });
  const { received, sent } = figures;
  count('connections_opened_total', 'TCP connections since the start.', '', () => ({ all: figures.opened }));
  count('connections_refused_total', 'New connections that hit a limit.', 'limit', () => figures.refused);
  const ways = 'direction, as seen by the TCP connection';
  count('messages_total', `Messages by ${ways}.`, 'direction', () => ({ in: received.messages, out: sent.messages }));
  count('bytes_total', `Bytes of messages by ${ways}.`, 'direction', () => ({ in: received.bytes, out: sent.bytes }));
  count('dropped_total', 'Messages that were dropped, by the reason.', 'reason', () => figures.dropped);
  return registry;
}
