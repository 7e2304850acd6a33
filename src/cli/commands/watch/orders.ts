import { comparePeers } from '../../../core/operator/compare-peers.ts';
import { PEER_STATES } from '../../../core/peers/peer-state.ts';
import { compareNetworks, type IpAddress, isIpv4 } from '../../../core/values/ip-address.ts';
import type { ListedPeer } from '../../gateway/peers.ts';
import type { Rate } from '../../gateway/rates.ts';

/** A peer and its current traffic; a peer that was not there before has no rate yet. */
export interface WatchedPeer extends ListedPeer {
  readonly rate: Rate | undefined;
}

type Compare = (one: WatchedPeer, other: WatchedPeer) => number;

/** In the order of the columns. What is worth a look comes first; ties are in the order of keys, and of domains. */
const COMPARISONS = {
  domain: (one, other) => compareTexts(one.reading.domain.name, other.reading.domain.name),
  key: () => 0,
  state: (one, other) => PEER_STATES.indexOf(one.state) - PEER_STATES.indexOf(other.state),
  address: comparing('address'),
  endpoint: compareEndpoints,
  handshake: comparing('handshake'),
  received: compareFlows(({ received }) => received),
  sent: compareFlows(({ sent }) => sent),
  traffic: compareFlows(({ received, sent }) => received + sent),
  entries: (one, other) => countMissing(other) - countMissing(one),
} satisfies Record<string, Compare>;

export type WatchOrder = keyof typeof COMPARISONS;

export const WATCH_ORDERS = Object.keys(COMPARISONS) as WatchOrder[];

/** For `Array.sort`. Traffic here means the current rate. */
export function compareWatched(order: WatchOrder): Compare {
  const [compare, compareTotals] = [COMPARISONS[order], comparing(order === 'traffic' ? 'traffic' : 'key')];
  return (one, other) => compare(one, other) || compareTotals(one, other) || COMPARISONS.domain(one, other);
}

function comparing(order: Parameters<typeof comparePeers>[0]): Compare {
  const compare = comparePeers(order);
  return (one, other) => compare(one.peer, other.peer);
}

function compareFlows(measure: (rate: Rate) => number): Compare {
  const flow = ({ rate }: WatchedPeer) => (rate === undefined ? 0 : measure(rate));
  return (one, other) => flow(other) - flow(one);
}

/** A peer without an endpoint comes last. */
function compareEndpoints(
  { peer: { endpoint: one } }: WatchedPeer,
  { peer: { endpoint: other } }: WatchedPeer,
): number {
  if (one === undefined || other === undefined) return Number(one === undefined) - Number(other === undefined);
  return compareNetworks(writeNetwork(one), writeNetwork(other));
}

function writeNetwork(address: IpAddress): string {
  return `${address}/${isIpv4(address) ? 32 : 128}`;
}

function countMissing({ missingEntries, lacksRoute }: WatchedPeer): number {
  return missingEntries.length + Number(lacksRoute);
}

function compareTexts(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
