import type { DomainView } from '../decisions/admission.ts';
import type { Router } from '../peers/address-plan.ts';
import { remember } from '../peers/handshakes.ts';
import { UNRECORDED } from '../peers/record.ts';
import type { Peer } from '../values/peer.ts';
import type { PublicKey } from '../values/public-key.ts';

/** Why a peer is not adopted. */
export const LEFT_OUT_REASONS = [
  'not a peer',
  'already ours',
  'disallowed',
  'static key',
  'preshared key',
  'allowed IPs',
] as const;
export type LeftOutReason = (typeof LEFT_OUT_REASONS)[number];

/** A peer of another service that becomes wgkex's. */
export interface Adoptee {
  readonly peer: Peer;
  /** With its current address. */
  readonly router: Router;
}

export interface LeftOut {
  readonly key: PublicKey;
  readonly why: LeftOutReason;
}

export interface Adoption {
  readonly adopted: readonly Adoptee[];
  readonly leftOut: readonly LeftOut[];
  /** For the record, to be written before a keepalive is cleared. */
  readonly lines: readonly string[];
}

/**
 * Which of the operator's peers wgkex takes over: those that have exactly their derived address, with or without a
 * keepalive; without `only`, all of them. Brings the record of `view` to the state after the adoption.
 */
export function planAdoption(view: DomainView, only: ReadonlySet<PublicKey> | undefined): Adoption {
  const { peers } = view;
  const candidates = [...peers.operators].filter(({ key }) => only === undefined || only.has(key));
  const judged = candidates.map((peer) => judge(peer, view));
  const adopted = judged.filter((one) => 'router' in one);
  const others = [...(only ?? [])].filter((key) => !peers.isOperators(key));
  return {
    adopted,
    leftOut: [
      ...judged.filter((one) => 'why' in one),
      ...others.map((key) => ({ key, why: peers.ours.has(key) ? 'already ours' : 'not a peer' }) as const),
    ],
    lines: adopted.map(({ peer }) => enter(peer, view)),
  };
}

function judge(peer: Peer, { peers, lists }: DomainView): Adoptee | LeftOut {
  const { key } = peer;
  if (lists.disallowed.has(key)) return { key, why: 'disallowed' };
  if (lists.static.has(key)) return { key, why: 'static key' };
  if (peer.hasPresharedKey) return { key, why: 'preshared key' };
  const router = peers.plan.findHeld(key, peer.allowedIps);
  return router === undefined ? { key, why: 'allowed IPs' } : { peer, router };
}

/** A peer of an adoption that was interrupted is in the record already. */
function enter({ key, lastHandshake }: Peer, { record, peers }: DomainView): string {
  const heard = lastHandshake === 'never' ? undefined : remember(lastHandshake, peers.now);
  return record.set(key, { ...UNRECORDED, heard, ...record.registrations.get(key), isLeaving: false });
}
