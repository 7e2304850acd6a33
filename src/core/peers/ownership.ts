import type { Peer } from '../values/peer.ts';
import type { PublicKey } from '../values/public-key.ts';
import type { Derivations, Router } from './address-plan.ts';
import type { Registration } from './record.ts';

/** What tells whose a peer is, beside the peer itself. */
export interface Ownership {
  readonly registrations: ReadonlyMap<PublicKey, Registration>;
  readonly staticKeys: ReadonlySet<PublicKey>;
  readonly derivations: Derivations;
}

/** Why a peer is the operator's; a recorded peer that has none of these marks is wgkex's. */
export type OperatorsMark = 'static key' | 'preshared key' | 'keepalive' | 'not recorded' | 'allowed IPs';

/** What is known of a peer of wgkex's. */
export interface Ours {
  readonly registration: Registration;
  /** As its domain derives it today. */
  readonly router: Router;
  /** The derived address that it has; undefined where it has none at all. */
  readonly held: Router | undefined;
}

/** A peer of wgkex's, or why it is the operator's. */
export type Owner = Ours | { readonly mark: OperatorsMark };

/** Whose peer it is: the first mark of the operator's that it has decides. */
export function findOwner(peer: Peer, { registrations, staticKeys, derivations }: Ownership): Owner {
  if (staticKeys.has(peer.key)) return { mark: 'static key' };
  const registration = registrations.get(peer.key);
  if (registration === undefined) return { mark: 'not recorded' };
  if (peer.hasPresharedKey) return { mark: 'preshared key' };
  if (peer.hasKeepalive) return { mark: 'keepalive' };
  const held = derivations.findHeld(peer.key, peer.allowedIps);
  if (held === undefined && peer.allowedIps.length > 0) return { mark: 'allowed IPs' };
  return { registration, router: derivations.describe(peer.key), held };
}

/** Whether a peer could be one of wgkex's: it has exactly its derived address, and no mark that only an operator sets. */
export function couldBeOurs(peer: Peer, ownership: Pick<Ownership, 'staticKeys' | 'derivations'>): boolean {
  const isMarked = ownership.staticKeys.has(peer.key) || peer.hasPresharedKey || peer.hasKeepalive;
  return !isMarked && ownership.derivations.findHeld(peer.key, peer.allowedIps) !== undefined;
}
