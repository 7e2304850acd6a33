import type { LoadGenerator, LoadOrder, LoadResult } from './load.ts';
import { readCpuSeconds, readOwnCpuSeconds, readProgramCpuSeconds } from './processes.ts';
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
  /** `OK` replies a second: within the window, however long others wait; of a storm, until the last was served. */
  readonly perSecond: number;
  /** Processor time of all processes of the server; that of wireguard-go apart, as the kernel's WireGuard has none. */
  readonly cpuSeconds: number;
  /** What of that wgkex's two parts take themselves: the rest is that of the programs that the handler runs. */
  readonly listenerCpuSeconds: number;
  readonly handlerCpuSeconds: number;
  readonly wireguardCpuSeconds: number;
}

export interface RateOrder {
  readonly clients: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
  readonly peers?: number;
}

/** Clients that begin one exchange after the other, on new interfaces with this number of peers. */
export async function measureRate(load: LoadGenerator, server: Server, order: RateOrder): Promise<Cell> {
  const { peers = 0, ...times } = order;
  await server.reset(peers);
  const measured = await runMeasured(load, server, { ...times, exchanges: MANY_EXCHANGES });
  return { peers, perSecond: measured.repliesInTime / times.seconds, ...measured };
}

/** Routers that all come at once, each with one exchange, to a server that was just started. */
export async function measureStorm(load: LoadGenerator, server: Server, routers: number): Promise<Cell> {
  await server.restart();
  await server.reset();
  const order = { clients: routers, exchanges: routers, warmUpSeconds: 0, seconds: STORM_SECONDS };
  const measured = await runMeasured(load, server, order);
  return { peers: 0, perSecond: measured.latencies.length / measured.seconds, ...measured };
}

async function runMeasured(load: LoadGenerator, server: Server, order: Omit<LoadOrder, 'host' | 'door'>) {
  const before = readCpu(server);
  const door = server.door === undefined ? {} : { door: server.door };
  const result = await load.run({ host: server.host, ...door, ...order });
  const after = readCpu(server);
  return {
    server: server.name,
    clients: order.clients,
    ...result,
    cpuSeconds: after.server - before.server,
    listenerCpuSeconds: after.listener - before.listener,
    handlerCpuSeconds: after.handler - before.handler,
    wireguardCpuSeconds: after.wireguard - before.wireguard,
  };
}

function readCpu({ pid, wireguardPid }: Server) {
  const wireguard = wireguardPid === undefined ? 0 : readOwnCpuSeconds(wireguardPid);
  const [listener, handler] = ['wgkex-listen', 'wgkex-handler'].map((part) => readProgramCpuSeconds(pid, part));
  return { server: readCpuSeconds(pid), listener: listener ?? 0, handler: handler ?? 0, wireguard };
}
