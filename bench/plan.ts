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
}

/** What this machine does besides comes and goes: everything is done so often, in turns. */
const ROUNDS = 3;
/** The old one takes longest, and where it is a hundred times slower its last digit does not matter. */
const OLD_ROUNDS = 2;
const SECONDS = 2;
const CLIENTS = [1, 16, 64, 256];
const STORM_ROUTERS = 1000;
const PEERS = [0, 1000, 10_000];
const CLIENTS_WITH_PEERS = [1, 64];

export async function measureRates({ load, old, wgkex, limit }: Subjects): Promise<Figure[]> {
  const cells: Cell[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (const clients of CLIENTS) {
      for (const server of round < OLD_ROUNDS ? [old, wgkex, limit] : [wgkex, limit]) {
        cells.push(await reported(measureRate(load, server, { clients, seconds: SECONDS })));
      }
    }
  }
  return summarise(cells);
}

export async function measureStorms({ load, old, wgkex, limit }: Subjects): Promise<Storm[]> {
  const cells: Cell[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (const server of round === 0 ? [old, wgkex, limit] : [wgkex, limit]) {
      cells.push(await reported(measureStorm(load, server, STORM_ROUTERS)));
    }
  }
  return summariseStorms(cells);
}

export async function measureWithPeers({ load, old, wgkex }: Subjects): Promise<Figure[]> {
  const cells: Cell[] = [];
  for (let round = 0; round < OLD_ROUNDS; round++) {
    for (const peers of PEERS) {
      for (const clients of CLIENTS_WITH_PEERS) {
        cells.push(await reported(measureRate(load, wgkex, { clients, seconds: SECONDS, peers })));
      }
      if (round === 0) cells.push(await reported(measureRate(load, old, { clients: 1, seconds: SECONDS, peers })));
    }
  }
  return summarise(cells);
}

/** Memory of all three, and how often wgkex wakes up at rest, which it is while the others are looked at. */
export async function measureFootprints({ load, old, wgkex, limit }: Subjects) {
  const storm = { clients: STORM_ROUTERS, exchanges: STORM_ROUTERS, seconds: SECONDS };
  const crowd = { clients: Math.max(...CLIENTS), exchanges: MANY_EXCHANGES, seconds: SECONDS };
  const occasions = { storm, crowd, peers: Math.max(...PEERS) };
  await restAnew([old, wgkex, limit]);
  const ours = await measureFootprint(load, wgkex, occasions);
  const resting = countWakeUps(wgkex);
  const theirs = await measureFootprint(load, old, occasions);
  const bare = await measureFootprint(load, limit, occasions);
  return { footprints: [theirs, ours, bare], wakeUps: await resting };
}

/** Says on standard error how far it is. */
async function reported(measuring: Promise<Cell>): Promise<Cell> {
  const cell = await measuring;
  const rate = (cell.latencies.length / cell.seconds).toFixed(0);
  console.error(`${cell.server}, ${cell.clients} clients, ${cell.peers} peers: ${rate}/s`);
  return cell;
}
