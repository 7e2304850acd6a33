import { EXCHANGE_PORT } from '../../lab/gateway.ts';
import type { Segment } from '../../lab/network.ts';
import { Server } from './server.ts';

const NAMESPACE = 'limit';
const HOST = '9.1';

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
