import { cpus, loadavg, release } from 'node:os';
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
  /** `OK` replies a second in the window; median. Of a storm, until the last router was served or had given up. */
  readonly perSecond: number;
  /** Until the last client had its reply or had given up; median. */
  readonly seconds: number;
  /** Milliseconds from connect to reply, of all exchanges that were answered `OK`. */
  readonly p50: number;
  readonly p99: number;
  readonly exchanges: number;
  readonly failures: Partial<Record<Failure, number>>;
  /** Processor time for a thousand exchanges that were answered `OK`; wireguard-go's apart. */
  readonly cpuSecondsPer1000: number;
  /** The share of wgkex's two parts in that. */
  readonly listenerCpuSecondsPer1000: number;
  readonly handlerCpuSecondsPer1000: number;
  readonly wireguardCpuSecondsPer1000: number;
}

export interface Storm extends Figure {
  /** Milliseconds until each number of routers had their `OK`, in the first round. */
  readonly served: readonly { readonly milliseconds: number; readonly routers: number }[];
}

/** Where and when. */
export interface Machine {
  readonly cores: number;
  readonly kernel: string;
  readonly node: string;
  /** The average of the last minute before the first measurement: above 1, something else was running. */
  readonly loadBefore: number;
}

/** Everything that was measured. */
export interface Results {
  readonly machine: Machine;
  readonly wireguard: 'kernel' | 'wireguard-go';
  readonly rates: readonly Figure[];
  /** Routers that speak HTTP. */
  readonly http: readonly Figure[];
  readonly storms: readonly Storm[];
  readonly withPeers: readonly Figure[];
  /** This build and each of the other ones in turns. */
  readonly builds: readonly Builds[];
  readonly footprints: readonly Footprint[];
  /** How often a thread of wgkex ran in ten idle seconds. */
  readonly wakeUps: number;
}

export interface Builds {
  /** The commit of the other one, which is called `before`. */
  readonly revision: string;
  readonly figures: readonly Figure[];
}

const SERVED_POINTS = 100;

export function describeMachine(): Machine {
  const [loadBefore = Number.NaN] = loadavg();
  return { cores: cpus().length, kernel: release(), node: process.version, loadBefore };
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

/** This build compared with the other one, for each setting. */
export function compareBuilds(figures: readonly Figure[]) {
  return figures
    .filter(({ server }) => server === 'wgkex')
    .map((figure) => {
      const { clients, peers } = figure;
      const before = findFigure(figures, { server: 'before', clients, peers });
      return {
        clients,
        peers,
        rate: figure.perSecond / before.perSecond,
        cpu: figure.cpuSecondsPer1000 / before.cpuSecondsPer1000,
      };
    });
}

/** @throws Error where that was not measured. */
export function findFigure<T extends Figure>(
  figures: readonly T[],
  { server, clients, peers = 0 }: { readonly server: ServerName; readonly clients: number; readonly peers?: number },
): T {
  const found = figures.find((one) => one.server === server && one.clients === clients && one.peers === peers);
  if (found === undefined) throw new Error(`${server} was not measured with ${clients} clients and ${peers} peers`);
  return found;
}

function summariseRounds(rounds: readonly Cell[]): Figure {
  const [first] = rounds;
  if (first === undefined) throw new Error('there is nothing to summarise');
  const latencies = rounds.flatMap((round) => round.latencies).sort((a, b) => a - b);
  const perThousand = (pick: (round: Cell) => number) => sum(rounds.map(pick)) / (latencies.length / 1000);
  return {
    server: first.server,
    clients: first.clients,
    peers: first.peers,
    perSecond: findMedian(rounds.map(({ perSecond }) => perSecond)),
    seconds: findMedian(rounds.map(({ seconds }) => seconds)),
    p50: findQuantile(latencies, 0.5),
    p99: findQuantile(latencies, 0.99),
    exchanges: latencies.length,
    failures: addFailures(rounds),
    cpuSecondsPer1000: perThousand(({ cpuSeconds }) => cpuSeconds),
    listenerCpuSecondsPer1000: perThousand(({ listenerCpuSeconds }) => listenerCpuSeconds),
    handlerCpuSecondsPer1000: perThousand(({ handlerCpuSeconds }) => handlerCpuSeconds),
    wireguardCpuSecondsPer1000: perThousand(({ wireguardCpuSeconds }) => wireguardCpuSeconds),
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
