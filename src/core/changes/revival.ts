import { type DomainView, decideAdmission } from '../decisions/admission.ts';
import type { Router } from '../peers/address-plan.ts';
import { hadHandshakeWithin, settleHandshake } from '../peers/handshakes.ts';
import type { PeerTable } from '../peers/peer-table.ts';
import type { Registration } from '../peers/record.ts';
import type { PublicKey } from '../values/public-key.ts';
import type { Moment } from '../values/time.ts';
import { type RecordedChange, registerRestored } from './registering.ts';

/** A router that has not connected after this many restores is not restored again until it registers. */
const MAX_RESTORES = 3;
/** An operator removes one or two peers by hand; anything that empties an interface removes more. */
const LEAST_LOST = 3;

/**
 * The keys that were alive and are gone, latest first, if the interfaces are new, or if all or most of the live keys
 * are gone: `wg syncconf` silently drops peers. Otherwise none.
 */
export function findLost(view: DomainView, isNew: boolean): PublicKey[] {
  const { record, peers, staleAfterSeconds } = view;
  const lost: { readonly key: PublicKey; readonly heard: number }[] = [];
  let alive = 0;
  for (const [key, one] of record.registrations) {
    if (!isRestorable(one, staleAfterSeconds, peers.now)) continue;
    alive++;
    if (!isThere(key, peers)) lost.push({ key, heard: one.heard?.at ?? 0 });
  }
  const areMost = lost.length >= LEAST_LOST && lost.length > alive / 2;
  if (!isNew && !areMost && lost.length < alive) return [];
  return lost.sort((a, b) => b.heard - a.heard).map(({ key }) => key);
}

/** Restores the lost keys that would be admitted today without evicting any peer. */
export function planRevival(lost: readonly PublicKey[], view: DomainView): RecordedChange[] {
  // One by one: each takes an address and a place.
  const routers = lost.map((key) => view.peers.describe(key));
  return routers.flatMap((router) => (isAdmittedFreely(router, view) ? [registerRestored(router, view)] : []));
}

/** Whether a key that is gone may come back by itself. */
export function isRestorable(one: Registration, staleAfterSeconds: number, now: Moment): boolean {
  if (one.isLeaving || one.restores >= MAX_RESTORES || one.heard === undefined) return false;
  return hadHandshakeWithin(settleHandshake(one.heard.at, one.heard, now), staleAfterSeconds, now);
}

/** The keys of the record that are not peers and will not be restored. */
export function findGone({ record, peers, staleAfterSeconds }: DomainView): PublicKey[] {
  const gone: PublicKey[] = [];
  for (const [key, one] of record.registrations)
    if (!isThere(key, peers) && !isRestorable(one, staleAfterSeconds, peers.now)) gone.push(key);
  return gone;
}

function isThere(key: PublicKey, peers: PeerTable): boolean {
  return peers.ours.has(key) || peers.isOperators(key);
}

function isAdmittedFreely(router: Router, view: DomainView): boolean {
  const decision = decideAdmission({ router }, view);
  return decision.kind === 'add' && decision.evicted.length === 0;
}
