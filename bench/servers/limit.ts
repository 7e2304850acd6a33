import { EXCHANGE_PORT, HTTP_PORT } from '../../lab/gateway.ts';
import type { Segment } from '../../lab/network.ts';
import { Server } from './server.ts';

const NAMESPACE = 'limit';
const HOST = '9.1';
const HTTP_NAMESPACE = 'httplimit';
const HTTP_HOST = '8.1';

/** What Node alone can do, on a machine of its own. */
export async function createLimit(segment: Segment): Promise<Server> {
  await segment.join(NAMESPACE, HOST, '9::1');
  return new Server({
    name: 'limit',
    namespace: NAMESPACE,
    host: segment.ipv4(HOST),
    command: ['node', 'bench/servers/limit.mjs', String(EXCHANGE_PORT)],
    log: '/run/limit.log',
    reset: async () => undefined,
  });
}

/** The same over HTTP: Node's own server, which parses the body and says OK. */
export async function createHttpLimit(segment: Segment): Promise<Server> {
  await segment.join(HTTP_NAMESPACE, HTTP_HOST, '8::1');
  return new Server({
    name: 'http limit',
    door: 'http',
    namespace: HTTP_NAMESPACE,
    host: segment.ipv4(HTTP_HOST),
    // The two lines on port 10012 are for the look whether it has started.
    command: ['node', 'bench/servers/http-limit.mjs', String(HTTP_PORT), String(EXCHANGE_PORT)],
    log: '/run/http-limit.log',
    reset: async () => undefined,
  });
}
