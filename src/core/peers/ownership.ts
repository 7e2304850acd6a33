import type { Peer } from '../values/peer.ts';
import type { PublicKey } from '../values/public-key.ts';
import type { AddressPlan, Router } from './address-plan.ts';
import { type Registration, UNRECORDED } from './record.ts';

/** The facts, besides the peer itself, that decide who owns a peer. */
export interface Ownership {
  readonly registrations: ReadonlyMap<PublicKey, Registration>;
  readonly staticKeys: ReadonlySet<PublicKey>;
  readonly plan: AddressPlan;
}

/** Why a peer is the operator's; a recorded peer without any of these marks is wgkex's. */
export type OperatorsMark = 'static key' | 'preshared key' | 'keepalive' | 'not recorded' | 'allowed IPs';

/** The facts about a peer that wgkex owns. */
export interface Ours {
  readonly registration: Registration;
  /** As its domain has it today. */
  readonly router: Router;
  /** With its current address; undefined if it has no address at all. */
  readonly held: Router | undefined;
}

/** A peer of wgkex's, or why it is the operator's. */
export type Owner = Ours | { readonly mark: OperatorsMark };

/** Finds the owner of a peer: the first of the operator's marks that it has decides. */
export function findOwner(peer: Peer, { registrations, staticKeys, plan }: Ownership): Owner {
  if (staticKeys.has(peer.key)) return { mark: 'static key' };
  const recorded = registrations.get(peer.key);
  if (recorded === undefined && plan.needsRecord) return { mark: 'not recorded' };
  if (peer.hasPresharedKey) return { mark: 'preshared key' };
  if (peer.hasKeepalive) return { mark: 'keepalive' };
  const held = plan.findHeld(peer.key, peer.allowedIps, recorded !== undefined);
  if (held === undefined && peer.allowedIps.length > 0) return { mark: 'allowed IPs' };
  if (held === undefined && recorded === undefined) return { mark: 'not recorded' };
  return { registration: recorded ?? UNRECORDED, router: plan.describe(peer.key, held), held };
}

/** Whether a peer could be wgkex's: it has exactly its planned address, and no mark that only an operator sets. */
export function couldBeOurs(peer: Peer, ownership: Pick<Ownership, 'staticKeys' | 'plan'>): boolean {
  const isMarked = ownership.staticKeys.has(peer.key) || peer.hasPresharedKey || peer.hasKeepalive;
  return !isMarked && ownership.plan.findHeld(peer.key, peer.allowedIps) !== undefined;
}
