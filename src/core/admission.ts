import type { ErrorCode } from './exchange.ts';
import type { IpAddress } from './ip-address.ts';
import { hadHandshakeWithin, type PeerTable } from './peer-table.ts';
import type { UnixSeconds } from './peers.ts';
import type { PublicKey } from './public-key.ts';

/** WireGuard's REJECT_AFTER_TIME: a session that had no handshake for so long carries no packet any more. */
export const LIVE_SECONDS = 180;

/** How long a new key may take to connect before it makes room for another one. */
const CONNECT_SECONDS = 60;

/** What an exchange does to the peers of its domain. */
export type Decision =
  | { readonly kind: 'refuse'; readonly code: ErrorCode }
  /** A live session that the request does not prove to own: left as it is. */
  | { readonly kind: 'keep' }
  /** Ours already: forgotten and added anew, so that a router whose clock went back can connect. */
  | { readonly kind: 'reset' }
  /** New; the peers in `evicted` go first. */
  | { readonly kind: 'add'; readonly evicted: readonly PublicKey[] };

/** Everything that a decision rests on beside the request and the time. */
export interface DomainView {
  readonly peers: PeerTable;
  readonly ownKey: PublicKey | undefined;
  readonly ownAddresses: ReadonlySet<string>;
  readonly disallowed: ReadonlySet<string>;
  readonly maxPeers: number;
  readonly maxPending: number;
  readonly staleAfterSeconds: number;
  /** When a key without a handshake was first seen. */
  firstSeen(key: PublicKey): UnixSeconds;
}

/** The contract's admission table, in its order. Without `from` somebody else asks for the router. */
export function decideAdmission(
  { key, from }: { readonly key: PublicKey; readonly from: IpAddress | undefined },
  view: DomainView,
  now: UnixSeconds,
): Decision {
  if (view.disallowed.has(key) || key === view.ownKey || view.peers.isOperators(key)) return refuse('PROHIBITED_WGKEY');
  const known = view.peers.ours.get(key);
  if (known === undefined) return decideNewKey(view.peers.derive(key).address, view, now);
  const isForeign = from === undefined || known.endpoint !== from;
  return isForeign && hadHandshakeWithin(known, LIVE_SECONDS, now) ? { kind: 'keep' } : { kind: 'reset' };
}

function decideNewKey(address: IpAddress, view: DomainView, now: UnixSeconds): Decision {
  if (view.ownAddresses.has(address) || view.peers.isOperatorsAddress(address)) return refuse('ADDRESS_TAKEN');
  const holder = view.peers.findHolder(address);
  if (holder === undefined) return decideRoom(view, now);
  const hasProved = hadHandshakeWithin(holder, view.staleAfterSeconds, now) || view.peers.isRemembered(holder.key);
  if (hasProved) return refuse('ADDRESS_TAKEN');
  return { kind: 'add', evicted: [holder.key] };
}

/** A peer with a handshake never makes room, however long ago that was: that is for the cleanup to decide. */
function decideRoom(view: DomainView, now: UnixSeconds): Decision {
  const { ours, pending } = view.peers;
  if (ours.size < view.maxPeers && pending.size < view.maxPending) return { kind: 'add', evicted: [] };
  const oldest = view.peers.findOldestPending(view.firstSeen);
  if (oldest === undefined || now - view.firstSeen(oldest) < CONNECT_SECONDS) return refuse('FULL');
  return { kind: 'add', evicted: [oldest] };
}

function refuse(code: ErrorCode): Decision {
  return { kind: 'refuse', code };
}
