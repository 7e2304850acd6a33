import type { Derivations, Router } from './derivations.ts';
import type { Peer } from './peers.ts';
import type { PublicKey } from './public-key.ts';
import type { Registration } from './record.ts';

/** What tells whose a peer is, beside the peer itself. */
export interface Ownership {
  readonly registrations: ReadonlyMap<PublicKey, Registration>;
  readonly staticKeys: ReadonlySet<PublicKey>;
  readonly derivations: Derivations;
}

/** Why a peer is the operator's; a recorded peer that has none of these marks is wgkex's. */
export type OperatorsMark = 'static key' | 'preshared key' | 'keepalive' | 'not recorded' | 'allowed IPs';

/** The first mark of the operator's that a peer has; undefined for a peer of wgkex's. */
export function findOperatorsMark(peer: Peer, ownership: Ownership): OperatorsMark | undefined {
  if (ownership.staticKeys.has(peer.key)) return 'static key';
  if (!ownership.registrations.has(peer.key)) return 'not recorded';
  if (peer.hasPresharedKey) return 'preshared key';
  if (peer.hasKeepalive) return 'keepalive';
  const isOurs = peer.allowedIps.length === 0 || findHeld(peer, ownership) !== undefined;
  return isOurs ? undefined : 'allowed IPs';
}

/** The derived address that a peer has, and nothing else. */
export function findHeld(
  { key, allowedIps }: Peer,
  { derivations }: Pick<Ownership, 'derivations'>,
): Router | undefined {
  return derivations.findHeld(key, allowedIps);
}

/** Whether a peer could be one of wgkex's: it has exactly its derived address, and no mark that only an operator sets. */
export function couldBeOurs(peer: Peer, ownership: Pick<Ownership, 'staticKeys' | 'derivations'>): boolean {
  const isMarked = ownership.staticKeys.has(peer.key) || peer.hasPresharedKey || peer.hasKeepalive;
  return !isMarked && findHeld(peer, ownership) !== undefined;
}
