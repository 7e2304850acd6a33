import { pause } from '../test/lab/commands.ts';
import type { LoadGenerator, LoadOrder } from './load.ts';
import { type Memory, readContextSwitches, readMemory } from './processes.ts';
import type { Server, ServerName } from './servers/server.ts';

const SAMPLE_MILLISECONDS = 50;
/** Some eight seconds after its last work V8 collects what that left behind, and is at rest then. */
const SETTLE_MILLISECONDS = 15_000;
export const REST_SECONDS = 10;

export interface Footprint {
  readonly server: ServerName;
  /** Just started, after its first exchange. */
  readonly idle: Memory;
  /** The highest of each while it was loaded. */
  readonly peak: Memory;
  /** How often a thread of it ran in ten seconds without a client. */
  readonly wakeUps: number;
}

/** Samples the memory of a server under some loads, none of which is timed, as looking takes processor time, too. */
export async function measureMemory(
  load: LoadGenerator,
  server: Server,
  orders: readonly Omit<LoadOrder, 'host'>[],
  peers: number,
): Promise<Pick<Footprint, 'idle' | 'peak'>> {
  await server.restart();
  await server.reset();
  const idle = readMemory(server.pid);
  await server.reset(peers);
  let peak = idle;
  const sampling = setInterval(() => {
    peak = findHigher(peak, readMemory(server.pid));
  }, SAMPLE_MILLISECONDS);
  for (const order of orders) await load.run({ host: server.host, ...order });
  clearInterval(sampling);
  return { idle, peak };
}

/** How often the threads of each server are given a processor while nobody wants anything. */
export async function countWakeUps(servers: readonly Server[]): Promise<number[]> {
  await pause(SETTLE_MILLISECONDS);
  const before = servers.map(({ pid }) => readContextSwitches(pid));
  await pause(REST_SECONDS * 1000);
  return servers.map(({ pid }, index) => readContextSwitches(pid) - (before[index] ?? 0));
}

function findHigher(a: Memory, b: Memory): Memory {
  return { rssBytes: Math.max(a.rssBytes, b.rssBytes), residentBytes: Math.max(a.residentBytes, b.residentBytes) };
}
