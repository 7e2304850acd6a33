import { type Builds, compareBuilds, type Figure, findFigure, type Results } from './results.ts';
import type { ServerName } from './servers/server.ts';
import { sum } from './statistics.ts';

/** What is to be reached, and what was: a ratio of one run, or in a unit of its own. */
export interface Target {
  readonly what: string;
  readonly reached: number;
  readonly wanted: number;
  /** Whether more is better, or less. */
  readonly isMinimum: boolean;
  readonly unit: 'times' | 's' | 'MB' | 'a second' | '';
}

/** What the shell service at its best leaves room for: a single client waits for the same programs. */
const RATE_AGAINST_OLD = { 1: 1.5, 16: 10, 64: 20, 256: 40 };
const RATE_AGAINST_LIMIT = { 16: 0.12, 64: 0.25, 256: 0.3 };
/** Over HTTP, against a server that only parses the body. */
const HTTP_AGAINST_LIMIT = { clients: 64, ratio: 0.25 };
const CPU_BELOW_OLD = 20;
const RATE_WITH_PEERS = 0.5;
/** Exchanges a second of 64 clients where the most peers are. */
const FULL_RATE = { clients: 64, perSecond: 500 };
/** What the rate of 64 clients may come to against the build before. */
const RATE_AGAINST_BEFORE = { clients: 64, peers: 0, ratio: 0.8 };
const STORM_SECONDS = 1;
const RESIDENT_MB = 130;

export function evaluateTargets(results: Results): Target[] {
  return [
    ...compareRates(results.rates, 'old', RATE_AGAINST_OLD),
    ...compareRates(results.rates, 'limit', RATE_AGAINST_LIMIT),
    judgeHttp(results.http),
    ...compareCpu([...results.rates, ...results.storms]),
    ...compareWithPeers(results.withPeers),
    ...results.builds.flatMap(judgeBuilds),
    ...judgeStorm(results.storms),
    ...judgeFootprint(results),
  ];
}

export function isMet({ reached, wanted, isMinimum }: Target): boolean {
  return isMinimum ? reached >= wanted : reached <= wanted;
}

function compareRates(rates: readonly Figure[], other: ServerName, wanted: Record<number, number>): Target[] {
  return Object.entries(wanted).map(([clients, ratio]) => {
    const ours = findFigure(rates, { server: 'wgkex', clients: Number(clients) });
    const theirs = findFigure(rates, { server: other, clients: Number(clients) });
    return atLeast(`rate against ${other}, ${describeClients(ours)}`, ours.perSecond / theirs.perSecond, ratio);
  });
}

function judgeHttp(figures: readonly Figure[]): Target {
  const { clients, ratio } = HTTP_AGAINST_LIMIT;
  const ours = findFigure(figures, { server: 'http', clients });
  const bare = findFigure(figures, { server: 'http limit', clients });
  return atLeast(`rate over HTTP against http limit, ${describeClients(ours)}`, ours.perSecond / bare.perSecond, ratio);
}

function compareCpu(figures: readonly Figure[]): Target[] {
  const ours = figures.filter(({ server }) => server === 'wgkex');
  return ours.map((figure) => {
    const old = findFigure(figures, { server: 'old', clients: figure.clients });
    const ratio = old.cpuSecondsPer1000 / figure.cpuSecondsPer1000;
    return atLeast(`CPU per exchange below old, ${describeClients(figure)}`, ratio, CPU_BELOW_OLD);
  });
}

function compareWithPeers(figures: readonly Figure[]): Target[] {
  const ours = figures.filter(({ server }) => server === 'wgkex');
  const most = Math.max(...ours.map(({ peers }) => peers));
  const full = ours.filter(({ peers }) => peers === most);
  const ratios = full.map((figure) => {
    const empty = findFigure(ours, { server: 'wgkex', clients: figure.clients });
    const what = `rate with ${most} peers against none, ${describeClients(figure)}`;
    return atLeast(what, figure.perSecond / empty.perSecond, RATE_WITH_PEERS);
  });
  const crowd = findFigure(full, { server: 'wgkex', clients: FULL_RATE.clients, peers: most });
  const what = `rate with ${most} peers, ${describeClients(crowd)}`;
  return [...ratios, { ...atLeast(what, crowd.perSecond, FULL_RATE.perSecond), unit: 'a second' }];
}

function judgeBuilds({ revision, figures }: Builds): Target[] {
  return compareBuilds(figures)
    .filter(({ clients, peers }) => clients === RATE_AGAINST_BEFORE.clients && peers === RATE_AGAINST_BEFORE.peers)
    .map(({ clients, rate }) =>
      atLeast(`rate against ${revision}, ${clients} clients`, rate, RATE_AGAINST_BEFORE.ratio),
    );
}

function judgeStorm(storms: readonly Figure[]): Target[] {
  const ours = storms.filter(({ server }) => server === 'wgkex');
  return ours.flatMap(({ clients, seconds, failures }) => [
    atMost(`${clients} routers at once, until the last is served`, seconds, STORM_SECONDS, 's'),
    atMost(`${clients} routers at once, not served`, sum(Object.values(failures)), 0, ''),
  ]);
}

function judgeFootprint({ footprints, wakeUps }: Results): Target[] {
  const ours = footprints.filter(({ server }) => server === 'wgkex');
  return [
    ...ours.flatMap(({ storm, crowd }) => [
      atMost('resident in all, routers at once', storm.residentBytes / 1e6, RESIDENT_MB, 'MB'),
      atMost('resident in all, many clients and many peers', crowd.residentBytes / 1e6, RESIDENT_MB, 'MB'),
    ]),
    atMost('wake-ups at rest', wakeUps, 0, ''),
  ];
}

function describeClients({ clients }: Figure): string {
  return clients === 1 ? '1 client' : `${clients} clients`;
}

function atLeast(what: string, reached: number, wanted: number): Target {
  return { what, reached, wanted, isMinimum: true, unit: 'times' };
}

function atMost(what: string, reached: number, wanted: number, unit: Target['unit']): Target {
  return { what, reached, wanted, isMinimum: false, unit };
}
