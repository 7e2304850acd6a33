import { type Cell, MANY_EXCHANGES, measureRate, measureStorm } from './cells.ts';
import { countWakeUps, measureFootprint, restAnew } from './footprint.ts';
import type { LoadGenerator } from './load.ts';
import { type Figure, type Storm, summarise, summariseStorms } from './results.ts';
import type { Server } from './servers/server.ts';

/** What is measured, and with what. */
export interface Subjects {
  readonly load: LoadGenerator;
  readonly old: Server;
  readonly wgkex: Server;
  readonly limit: Server;
  readonly http: Server;
  readonly httpLimit: Server;
}

/** How long and how often. What this machine does besides comes and goes: so everything is done in turns. */
export interface Plan {
  readonly rounds: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
  /** Peers that are already there, in rising order. */
  readonly peers: readonly number[];
}

export const FULL: Plan = { rounds: 3, warmUpSeconds: 1, seconds: 4, peers: [0, 1000, 10_000] };
/** Shows that everything runs; its figures are meaningless. */
export const QUICK: Plan = { rounds: 1, warmUpSeconds: 0.5, seconds: 1, peers: [0, 200] };

const CLIENTS = [1, 16, 64, 256];
const STORM_ROUTERS = 1000;
const CLIENTS_WITH_PEERS = [1, 64];
const SETTINGS = CLIENTS.map((clients) => ({ clients, peers: 0 }));

export function measureRates({ load, old, wgkex, limit }: Subjects, plan: Plan): Promise<Figure[]> {
  return measureInTurns(load, [old, wgkex, limit], SETTINGS, plan);
}

/** Routers that speak HTTP, and what Node alone can do for them. */
export function measureHttp({ load, http, httpLimit }: Subjects, plan: Plan): Promise<Figure[]> {
  return measureInTurns(load, [http, httpLimit], SETTINGS, plan);
}

export function measureWithPeers({ load, old, wgkex }: Subjects, plan: Plan): Promise<Figure[]> {
  const settings = plan.peers.flatMap((peers) => CLIENTS_WITH_PEERS.map((clients) => ({ clients, peers })));
  return measureInTurns(load, [old, wgkex], settings, plan);
}

/** Another build of wgkex, and this one. */
export function measureBuilds({ load, wgkex }: Subjects, before: Server, plan: Plan): Promise<Figure[]> {
  const settings = [...SETTINGS, { clients: 64, peers: Math.max(...plan.peers) }];
  return measureInTurns(load, [before, wgkex], settings, plan);
}

export async function measureStorms({ load, old, wgkex, limit }: Subjects, { rounds }: Plan): Promise<Storm[]> {
  const cells: Cell[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const server of [old, wgkex, limit]) {
      cells.push(await reported(measureStorm(load, server, STORM_ROUTERS)));
    }
  }
  return summariseStorms(cells);
}

/** Memory of all three, and how often wgkex wakes up at rest, which it is while the others are looked at. */
export async function measureFootprints({ load, old, wgkex, limit }: Subjects, { seconds, peers }: Plan) {
  const storm = { clients: STORM_ROUTERS, exchanges: STORM_ROUTERS, warmUpSeconds: 0, seconds };
  const crowd = { clients: Math.max(...CLIENTS), exchanges: MANY_EXCHANGES, warmUpSeconds: 0, seconds };
  const occasions = { storm, crowd, peers: Math.max(...peers) };
  await restAnew([old, wgkex, limit]);
  const ours = await measureFootprint(load, wgkex, occasions);
  const resting = countWakeUps(wgkex);
  const theirs = await measureFootprint(load, old, occasions);
  const bare = await measureFootprint(load, limit, occasions);
  return { footprints: [theirs, ours, bare], wakeUps: await resting };
}

async function measureInTurns(
  load: LoadGenerator,
  servers: readonly Server[],
  settings: readonly { readonly clients: number; readonly peers: number }[],
  { rounds, warmUpSeconds, seconds }: Plan,
): Promise<Figure[]> {
  const cells: Cell[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const setting of settings) {
      const order = { ...setting, warmUpSeconds, seconds };
      for (const server of servers) cells.push(await reported(measureRate(load, server, order)));
    }
  }
  return summarise(cells);
}

/** Says on standard error how far it is. */
async function reported(measuring: Promise<Cell>): Promise<Cell> {
  const cell = await measuring;
  const { server, clients, peers, perSecond } = cell;
  console.error(`${server}, ${clients} clients, ${peers} peers: ${perSecond.toFixed(0)}/s`);
  return cell;
}
