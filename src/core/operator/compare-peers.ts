import { compareNetworks } from '../values/ip-address.ts';
import type { Peer } from '../values/peer.ts';
import type { PeerOrder } from './peer-order.ts';

type Compare = (one: Peer, other: Peer) => number;

/** The latest handshake and the most traffic come first; ties are in the order of their keys. */
const COMPARISONS: Record<PeerOrder, Compare> = {
  key: () => 0,
  handshake: (one, other) => handshakeTime(other) - handshakeTime(one),
  traffic: (one, other) => other.received + other.sent - (one.received + one.sent),
  address: (one, other) => compareAddresses(one.allowedIps[0], other.allowedIps[0]),
};

/** For `Array.sort`. */
export function comparePeers(order: PeerOrder): Compare {
  return (one, other) => COMPARISONS[order](one, other) || compareKeys(one, other);
}

function handshakeTime({ lastHandshake }: Peer): number {
  return lastHandshake === 'never' ? 0 : lastHandshake;
}

/** A peer without an address comes last. */
function compareAddresses(one: string | undefined, other: string | undefined): number {
  if (one === undefined || other === undefined) return Number(one === undefined) - Number(other === undefined);
  return compareNetworks(one, other);
}

function compareKeys({ key: one }: Peer, { key: other }: Peer): number {
  return one < other ? -1 : Number(one > other);
}
