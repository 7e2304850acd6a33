import { type ForwardingEntry, identifyEntry } from '../kernel/fdb.ts';
import type { Router } from '../peers/address-plan.ts';
import { hadHandshakeWithin, LIVE_SECONDS } from '../peers/handshakes.ts';
import { PEER_STATES, type PeerState } from '../peers/peer-state.ts';
import type { OurPeer, PeerTable } from '../peers/peer-table.ts';
import type { IpAddress } from '../values/ip-address.ts';
import type { Peer } from '../values/peer.ts';
import type { Moment } from '../values/time.ts';
import type { EntrySettings } from './change.ts';
import { compareEntries, compareRoutes } from './reconcile.ts';

/** A peer and the state of its router. */
export interface SurveyedPeer {
  /** With its last known handshake: the kernel forgets it when a peer is reset or restored. */
  readonly peer: Peer;
  readonly state: PeerState;
  /** As this domain derives it from the key; the operator's own peers need not have this address. */
  readonly link: Router;
  /** Forwarding entries that it needs but does not have; the operator's peers need none. */
  readonly missingEntries: readonly ForwardingEntry[];
  /** Only where the domain keeps routes. */
  readonly lacksRoute: boolean;
}

/** A domain as an operator sees it. */
export interface Survey {
  readonly peers: readonly SurveyedPeer[];
  /** Entries and routes that wgkex could have made and that no peer needs. */
  readonly orphanedEntries: readonly ForwardingEntry[];
  readonly orphanedRoutes: readonly IpAddress[];
}

interface SurveySettings extends EntrySettings {
  readonly staleAfterSeconds: number;
}

/** What the kernel has besides the peers; `routes` is ignored if the domain keeps none. */
export interface Forwarding {
  readonly entries: readonly ForwardingEntry[];
  readonly routes: readonly IpAddress[];
}

/** Combines the readings of a domain. */
export function surveyDomain(table: PeerTable, { entries, routes }: Forwarding, settings: SurveySettings): Survey {
  const inEntries = compareEntries(entries, table, settings);
  const inRoutes = settings.route ? compareRoutes(routes, table) : { missing: [], orphaned: [] };
  const missingEntries = groupByDestination(inEntries.missing);
  const missingRoutes = new Set(inRoutes.missing);
  const routers = [...table.ours.values()].map((peer) => ({
    peer: { ...peer.peer, lastHandshake: peer.heard },
    link: peer.router,
    state: findPeerState(peer, settings.staleAfterSeconds, table.now),
    missingEntries: (peer.held && missingEntries.get(peer.held.address)) ?? [],
    lacksRoute: peer.held !== undefined && missingRoutes.has(peer.held.address),
  }));
  return {
    peers: [...routers, ...[...table.operators].map((peer) => surveyOperators(peer, table))],
    orphanedEntries: inEntries.orphaned,
    orphanedRoutes: inRoutes.orphaned,
  };
}

/** A peer is stale when the cleanup calls it stale, however short that time is. */
function findPeerState({ heard }: OurPeer, staleAfterSeconds: number, now: Moment): PeerState {
  if (heard === 'never') return 'pending';
  if (!hadHandshakeWithin(heard, staleAfterSeconds, now)) return 'stale';
  return hadHandshakeWithin(heard, LIVE_SECONDS, now) ? 'alive' : 'idle';
}

function surveyOperators(peer: Peer, table: PeerTable): SurveyedPeer {
  const link = table.describe(peer.key);
  return { peer, state: 'static', link, missingEntries: [], lacksRoute: false };
}

/** Addresses are unique among our peers. */
function groupByDestination(entries: readonly ForwardingEntry[]): ReadonlyMap<IpAddress, readonly ForwardingEntry[]> {
  const groups = new Map<IpAddress, ForwardingEntry[]>();
  for (const entry of entries) groups.set(entry.destination, [...(groups.get(entry.destination) ?? []), entry]);
  return groups;
}

/** The number of peers in each state. */
export function countPeers(table: PeerTable, staleAfterSeconds: number): Record<PeerState, number> {
  const counts = { alive: 0, idle: 0, stale: 0, pending: 0, static: [...table.operators].length };
  for (const peer of table.ours.values()) counts[findPeerState(peer, staleAfterSeconds, table.now)]++;
  return counts;
}

export function countStates(peers: readonly SurveyedPeer[]): Record<PeerState, number> {
  const counts = PEER_STATES.map((state) => [state, peers.filter((peer) => peer.state === state).length]);
  return Object.fromEntries(counts);
}

/** Whether every router has what it needs, and nothing is left over. */
export function isSound({ peers, orphanedEntries, orphanedRoutes }: Survey): boolean {
  const isServed = ({ missingEntries, lacksRoute }: SurveyedPeer) => missingEntries.length === 0 && !lacksRoute;
  return orphanedEntries.length === 0 && orphanedRoutes.length === 0 && peers.every(isServed);
}

/**
 * The later survey, with only the faults that the earlier one also has: a change that was in progress during one of
 * the readings is not a fault.
 */
export function confirmFaults(later: Survey, earlier: Survey): Survey {
  const lacked = new Set(earlier.peers.flatMap(({ missingEntries }) => missingEntries.map(identifyEntry)));
  const unrouted = new Set(earlier.peers.filter(({ lacksRoute }) => lacksRoute).map(({ peer }) => peer.key));
  const orphanedEntries = new Set(earlier.orphanedEntries.map(identifyEntry));
  const orphanedRoutes = new Set(earlier.orphanedRoutes);
  return {
    peers: later.peers.map((surveyed) => ({
      ...surveyed,
      missingEntries: surveyed.missingEntries.filter((entry) => lacked.has(identifyEntry(entry))),
      lacksRoute: surveyed.lacksRoute && unrouted.has(surveyed.peer.key),
    })),
    orphanedEntries: later.orphanedEntries.filter((entry) => orphanedEntries.has(identifyEntry(entry))),
    orphanedRoutes: later.orphanedRoutes.filter((address) => orphanedRoutes.has(address)),
  };
}
