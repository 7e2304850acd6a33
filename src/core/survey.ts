import type { AddressVariant } from './address-variant.ts';
import { LIVE_SECONDS } from './admission.ts';
import type { EntrySettings } from './changes.ts';
import { type ForwardingEntry, identifyEntry } from './forwarding-entries.ts';
import type { IpAddress } from './ip-address.ts';
import type { LinkAddress } from './link-address.ts';
import { PEER_STATES, type PeerState } from './peer-state.ts';
import { hadHandshakeWithin, type PeerTable } from './peer-table.ts';
import type { Peer, UnixSeconds } from './peers.ts';
import { compareEntries, compareRoutes } from './reconcile.ts';

/** A peer and how its router fares. */
export interface SurveyedPeer {
  readonly peer: Peer;
  readonly state: PeerState;
  /** What this domain derives from the key; the operator's own peers need not go by it. */
  readonly link: LinkAddress;
  /** Forwarding entries that it needs and does not have; the operator's peers need none. */
  readonly missingEntries: readonly ForwardingEntry[];
  /** Only where the domain keeps routes. */
  readonly lacksRoute: boolean;
}

/** A domain as an operator looks at it. */
export interface Survey {
  readonly peers: readonly SurveyedPeer[];
  /** Entries and routes that wgkex could have made and that no peer needs. */
  readonly orphanedEntries: readonly ForwardingEntry[];
  readonly orphanedRoutes: readonly IpAddress[];
}

interface SurveySettings extends EntrySettings {
  readonly address: AddressVariant;
  readonly staleAfterSeconds: number;
}

/** What the kernel has beside the peers; `routes` is not looked at where the domain keeps none. */
export interface Forwarding {
  readonly entries: readonly ForwardingEntry[];
  readonly routes: readonly IpAddress[];
}

/** Puts together what was read of a domain. */
export function surveyDomain(
  table: PeerTable,
  { entries, routes }: Forwarding,
  settings: SurveySettings,
  now: UnixSeconds,
): Survey {
  const ours = [...table.ours.values()].map((peer) => ({ peer, link: table.derive(peer.key) }));
  const operators = [...table.operators];
  const links = ours.map(({ link }) => link);
  const inEntries = compareEntries(entries, links, operators, { ...settings, variant: settings.address });
  const inRoutes = settings.route
    ? compareRoutes(routes, links, operators, settings.address)
    : { missing: [], orphaned: [] };
  const missingEntries = groupByDestination(inEntries.missing);
  const missingRoutes = new Set(inRoutes.missing);
  const routers = ours.map(({ peer, link }) => ({
    peer,
    link,
    state: findPeerState(peer, settings.staleAfterSeconds, now),
    missingEntries: missingEntries.get(link.address) ?? [],
    lacksRoute: missingRoutes.has(link.address),
  }));
  return {
    peers: [...routers, ...operators.map((peer) => surveyOperators(peer, table))],
    orphanedEntries: inEntries.orphaned,
    orphanedRoutes: inRoutes.orphaned,
  };
}

/** Stale is what the cleanup calls stale, however short that time is. */
function findPeerState(peer: Peer, staleAfterSeconds: number, now: UnixSeconds): PeerState {
  if (peer.lastHandshake === 'never') return 'pending';
  if (!hadHandshakeWithin(peer, staleAfterSeconds, now)) return 'stale';
  return hadHandshakeWithin(peer, LIVE_SECONDS, now) ? 'alive' : 'idle';
}

function surveyOperators(peer: Peer, table: PeerTable): SurveyedPeer {
  return { peer, state: 'static', link: table.derive(peer.key), missingEntries: [], lacksRoute: false };
}

/** Addresses are unique among our peers. */
function groupByDestination(entries: readonly ForwardingEntry[]): ReadonlyMap<IpAddress, readonly ForwardingEntry[]> {
  const groups = new Map<IpAddress, ForwardingEntry[]>();
  for (const entry of entries) groups.set(entry.destination, [...(groups.get(entry.destination) ?? []), entry]);
  return groups;
}

/** How many peers of a table have which state. */
export function countPeers(table: PeerTable, staleAfterSeconds: number, now: UnixSeconds): Record<PeerState, number> {
  const counts = { alive: 0, idle: 0, stale: 0, pending: 0, static: [...table.operators].length };
  for (const peer of table.ours.values()) counts[findPeerState(peer, staleAfterSeconds, now)]++;
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
 * The later survey, with only those faults that the earlier one has, too: what was being made or removed while one of
 * them was read is no fault.
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
