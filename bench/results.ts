import { cpus, release } from 'node:os';
import type { Cell } from './cells.ts';
import type { Footprint } from './footprint.ts';
import type { Failure } from './load.ts';
import { SERVER_NAMES, type ServerName } from './servers/server.ts';
import { findMedian, findQuantile, sum } from './statistics.ts';

/** The same load on the same server, all rounds of it together. */
export interface Figure {
  readonly server: ServerName;
  readonly clients: number;
  readonly peers: number;
  /** Exchanges that were answered `OK`, by the seconds until the last client had its reply or had given up; median. */
  readonly perSecond: number;
  /** Those seconds; median. */
  readonly seconds: number;
  /** Milliseconds from connect to reply, of all exchanges that were answered `OK`. */
  readonly p50: number;
  readonly p99: number;
  readonly exchanges: number;
  readonly failures: Partial<Record<Failure, number>>;
  /** Processor time for a thousand exchanges that were answered `OK`; wireguard-go's apart. */
  readonly cpuSecondsPer1000: number;
  readonly wireguardCpuSecondsPer1000: number;
}

export interface Storm extends Figure {
  /** Milliseconds after which so many of the routers had their `OK`, in the first round. */
  readonly served: readonly { readonly milliseconds: number; readonly routers: number }[];
}

/** Everything that was measured; `machine` is all that is told of where. */
export interface Results {
  readonly machine: { readonly cores: number; readonly kernel: string; readonly node: string };
  readonly wireguard: 'kernel' | 'wireguard-go';
  readonly rates: readonly Figure[];
  readonly storms: readonly Storm[];
  readonly withPeers: readonly Figure[];
  readonly footprints: readonly Footprint[];
  /** How often a thread of wgkex ran in ten seconds in which nobody wanted anything of it. */
  readonly wakeUps: number;
}

const SERVED_POINTS = 100;

export function describeMachine(): Results['machine'] {
  return { cores: cpus().length, kernel: release(), node: process.version };
}

/** One figure for each number of clients, number of peers, and server, in that order. */
export function summarise(cells: readonly Cell[]): Figure[] {
  const groups = new Map<string, Cell[]>();
  for (const cell of cells) {
    const name = `${cell.server} ${cell.clients} ${cell.peers}`;
    groups.set(name, [...(groups.get(name) ?? []), cell]);
  }
  return [...groups.values()].map(summariseRounds).sort(compareFigures);
}

export function summariseStorms(cells: readonly Cell[]): Storm[] {
  return summarise(cells).map((figure) => {
    const latencies = cells.find(({ server }) => server === figure.server)?.latencies ?? [];
    const step = Math.max(1, Math.floor(latencies.length / SERVED_POINTS));
    const served = latencies
      .map((milliseconds, index) => ({ milliseconds, routers: index + 1 }))
      .filter(({ routers }) => routers % step === 0);
    return { ...figure, served };
  });
}

function summariseRounds(rounds: readonly Cell[]): Figure {
  const [first] = rounds;
  if (first === undefined) throw new Error('there is nothing to summarise');
  const latencies = rounds.flatMap((round) => round.latencies).sort((a, b) => a - b);
  const thousands = latencies.length / 1000;
  return {
    server: first.server,
    clients: first.clients,
    peers: first.peers,
    perSecond: findMedian(rounds.map((round) => round.latencies.length / round.seconds)),
    seconds: findMedian(rounds.map(({ seconds }) => seconds)),
    p50: findQuantile(latencies, 0.5),
    p99: findQuantile(latencies, 0.99),
    exchanges: latencies.length,
    failures: addFailures(rounds),
    cpuSecondsPer1000: sum(rounds.map(({ cpuSeconds }) => cpuSeconds)) / thousands,
    wireguardCpuSecondsPer1000: sum(rounds.map(({ wireguardCpuSeconds }) => wireguardCpuSeconds)) / thousands,
  };
}

function compareFigures(a: Figure, b: Figure): number {
  const bySetting = a.clients - b.clients || a.peers - b.peers;
  return bySetting || SERVER_NAMES.indexOf(a.server) - SERVER_NAMES.indexOf(b.server);
}

function addFailures(rounds: readonly Cell[]): Figure['failures'] {
  const failures: Partial<Record<Failure, number>> = {};
  for (const [failure, count] of rounds.flatMap((round) => Object.entries(round.failures) as [Failure, number][])) {
    failures[failure] = (failures[failure] ?? 0) + count;
  }
  return failures;
}
