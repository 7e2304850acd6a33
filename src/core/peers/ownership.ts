import type { Peer } from '../values/peer.ts';
import type { PublicKey } from '../values/public-key.ts';
import type { Derivations, Router } from './address-plan.ts';
import type { Registration } from './record.ts';

/** The facts, besides the peer itself, that decide who owns a peer. */
export interface Ownership {
  readonly registrations: ReadonlyMap<PublicKey, Registration>;
  readonly staticKeys: ReadonlySet<PublicKey>;
  readonly derivations: Derivations;
}

/** Why a peer is the operator's; a recorded peer without any of these marks is wgkex's. */
export type OperatorsMark = 'static key' | 'preshared key' | 'keepalive' | 'not recorded' | 'allowed IPs';

/** The facts about a peer that wgkex owns. */
export interface Ours {
  readonly registration: Registration;
  /** As its domain derives it today. */
  readonly router: Router;
  /** Its current derived address; undefined if it has no address at all. */
  readonly held: Router | undefined;
}

/** A peer of wgkex's, or why it is the operator's. */
export type Owner = Ours | { readonly mark: OperatorsMark };

/** Finds the owner of a peer: the first of the operator's marks that it has decides. */
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

/** Whether a peer could be wgkex's: it has exactly its derived address, and no mark that only an operator sets. */
export function couldBeOurs(peer: Peer, ownership: Pick<Ownership, 'staticKeys' | 'derivations'>): boolean {
  const isMarked = ownership.staticKeys.has(peer.key) || peer.hasPresharedKey || peer.hasKeepalive;
  return !isMarked && ownership.derivations.findHeld(peer.key, peer.allowedIps) !== undefined;
}
