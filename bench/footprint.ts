import { pause } from '../lab/commands.ts';
import type { LoadGenerator, LoadOrder } from './load.ts';
import { type Memory, readContextSwitches, readMemory } from './processes.ts';
import type { Server, ServerName } from './servers/server.ts';

const SAMPLE_MILLISECONDS = 50;
/** Some eight seconds after the last work V8 collects what that left behind. */
const START_SECONDS = 15;
/** For a minute after the first of them wgkex counts events that repeat themselves, and then writes a line. */
const SETTLE_SECONDS = 70;
const REST_SECONDS = 10;

export interface Footprint {
  readonly server: ServerName;
  /** Started, and after its first exchange at rest. */
  readonly idle: Memory;
  /** The highest of each during a storm, on new interfaces. */
  readonly storm: Memory;
  /** The same with a crowd of clients for some seconds, and many peers that are there already. */
  readonly crowd: Memory;
}

/** Loads in which memory is looked at; none of them is timed, as looking takes processor time, too. */
export interface Occasions {
  readonly storm: Omit<LoadOrder, 'host'>;
  readonly crowd: Omit<LoadOrder, 'host'>;
  /** That are there when the crowd comes. */
  readonly peers: number;
}

/** Starts servers again and leaves them alone until they are at rest. */
export async function restAnew(servers: readonly Server[]): Promise<void> {
  for (const server of servers) {
    await server.restart();
    await server.reset();
  }
  await pause(START_SECONDS * 1000);
}

/** Of a server at rest. */
export async function measureFootprint(load: LoadGenerator, server: Server, occasions: Occasions): Promise<Footprint> {
  const idle = readMemory(server.pid);
  const storm = await findHighest(server, () => load.run({ host: server.host, ...occasions.storm }));
  await server.reset(occasions.peers);
  const crowd = await findHighest(server, () => load.run({ host: server.host, ...occasions.crowd }));
  return { server: server.name, idle, storm, crowd };
}

/** How often the threads of a server run in ten idle seconds. */
export async function countWakeUps({ pid }: Server): Promise<number> {
  await pause(SETTLE_SECONDS * 1000);
  const before = readContextSwitches(pid);
  await pause(REST_SECONDS * 1000);
  return readContextSwitches(pid) - before;
}

async function findHighest({ pid }: Server, runLoad: () => Promise<unknown>): Promise<Memory> {
  let highest = readMemory(pid);
  const sampling = setInterval(() => {
    highest = findHigher(highest, readMemory(pid));
  }, SAMPLE_MILLISECONDS);
  await runLoad();
  clearInterval(sampling);
  return highest;
}

function findHigher(a: Memory, b: Memory): Memory {
  return { rssBytes: Math.max(a.rssBytes, b.rssBytes), residentBytes: Math.max(a.residentBytes, b.residentBytes) };
}
