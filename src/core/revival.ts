import { type DomainView, decideAdmission } from './admission.ts';
import { buildPeerChange, type PeerChange } from './changes.ts';
import type { PeerTable } from './peer-table.ts';
import type { Handshakes, UnixSeconds } from './peers.ts';
import type { PublicKey } from './public-key.ts';

/**
 * True where nobody is there of those who were alive: the interfaces were made anew (another `interfaces` than the
 * one they were on), or WireGuard's was emptied, as `wg syncconf` does.
 */
export function isForgetful(
  { alive, interfaces }: { readonly alive: Handshakes; readonly interfaces: string },
  now: { readonly interfaces: string; readonly peers: PeerTable },
): boolean {
  if (alive.size === 0) return false;
  return interfaces !== now.interfaces || ![...alive.keys()].some((key) => now.peers.ours.has(key));
}

/**
 * What puts a domain back in order whose interfaces were made anew: the entries of all peers that are there, and the
 * keys that were alive, as far as admission lets them in today and nobody has to go for them. `view.peers` is as it
 * will be then.
 */
export function planRevival(alive: Handshakes, view: DomainView, now: UnixSeconds): PeerChange[] {
  const there = [...view.peers.ours.keys()].map((key) => buildPeerChange({ kind: 'keep' }, key, view.peers));
  const back: PeerChange[] = [];
  for (const key of alive.keys()) {
    if (isLetInFreely(key, view, now)) back.push(buildPeerChange({ kind: 'add' }, key, view.peers));
  }
  return [...there, ...back];
}

function isLetInFreely(key: PublicKey, view: DomainView, now: UnixSeconds): boolean {
  // Who was alive is none that never had a handshake.
  const decision = decideAdmission({ key, from: undefined }, { ...view, maxPending: Number.POSITIVE_INFINITY }, now);
  return decision.kind === 'add' && decision.evicted.length === 0;
}
