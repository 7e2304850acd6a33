import type { LoadGenerator, LoadOrder, LoadResult } from './load.ts';
import { readCpuSeconds, readOwnCpuSeconds } from './processes.ts';
import type { Server, ServerName } from './servers/server.ts';

/** More than any server answers in the seconds of a cell. */
export const MANY_EXCHANGES = 60_000;
/** More than a storm takes, as clients give up after ten. */
const STORM_SECONDS = 60;

/** One load on one server. */
export interface Cell extends LoadResult {
  readonly server: ServerName;
  readonly clients: number;
  /** Peers that the interface had before. */
  readonly peers: number;
  /** Processor time of all processes of the server; that of wireguard-go apart, as the kernel's WireGuard has none. */
  readonly cpuSeconds: number;
  readonly wireguardCpuSeconds: number;
}

/** Clients that for so many seconds begin one exchange after the other, on new interfaces with so many peers. */
export async function measureRate(
  load: LoadGenerator,
  server: Server,
  { clients, seconds, peers = 0 }: { readonly clients: number; readonly seconds: number; readonly peers?: number },
): Promise<Cell> {
  await server.reset(peers);
  return { peers, ...(await runMeasured(load, server, { clients, exchanges: MANY_EXCHANGES, seconds })) };
}

/** Routers that all come at once, each with one exchange, to a server that was just started. */
export async function measureStorm(load: LoadGenerator, server: Server, routers: number): Promise<Cell> {
  await server.restart();
  await server.reset();
  const order = { clients: routers, exchanges: routers, seconds: STORM_SECONDS };
  return { peers: 0, ...(await runMeasured(load, server, order)) };
}

async function runMeasured(load: LoadGenerator, server: Server, order: Omit<LoadOrder, 'host'>) {
  const before = readCpu(server);
  const result = await load.run({ host: server.host, ...order });
  const after = readCpu(server);
  return {
    server: server.name,
    clients: order.clients,
    ...result,
    cpuSeconds: after.server - before.server,
    wireguardCpuSeconds: after.wireguard - before.wireguard,
  };
}

function readCpu({ pid, wireguardPid }: Server) {
  const wireguard = wireguardPid === undefined ? 0 : readOwnCpuSeconds(wireguardPid);
  return { server: readCpuSeconds(pid), wireguard };
}
