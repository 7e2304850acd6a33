import type { Asked, Decision, DomainView } from '../decisions/admission.ts';
import type { Router } from '../peers/address-plan.ts';
import { BROADCAST_SOURCE } from '../peers/households.ts';
import { findRecordedSource, type Registration, UNRECORDED } from '../peers/record.ts';
import type { Source } from '../values/ip-address.ts';
import type { PublicKey } from '../values/public-key.ts';
import type { PeerChange } from './change.ts';

/** A change, and the lines of the record that must be written before it. */
export interface RecordedChange {
  readonly change: PeerChange;
  readonly lines: readonly string[];
}

/** Turns a decision into a change for the kernel and lines for the record; brings `view` to the state after both. */
export function registerDecision(
  decision: Exclude<Decision, { kind: 'refuse' }>,
  asked: Asked,
  view: DomainView,
): RecordedChange {
  const { router } = asked;
  const { peers } = view;
  const former = peers.ours.get(router.key)?.held;
  if (decision.kind === 'keep')
    return { change: { kind: 'keep', router: former ?? router, evicted: [] }, lines: noteSource(asked, view) };
  const evicted = decision.evicted.map((goer) => peers.ours.get(goer)?.held ?? peers.describe(goer));
  const leaving = decision.evicted.map((goer) => evict(goer, view));
  // Another peer may already have taken the address of an evicted one.
  const vacated = evicted.filter(({ address }) => !peers.isHeld(address));
  if (former !== undefined && former.address !== router.address) vacated.push(former);
  const lines = [...leaving, ...(decision.kind === 'add' ? add(asked, view) : reset(asked, view))];
  return { change: { kind: decision.kind, router, evicted, ...(vacated.length > 0 && { vacated }) }, lines };
}

/** Registers a key that comes back without a request: it keeps everything that is remembered about it. */
export function registerRestored(router: Router, view: DomainView): RecordedChange {
  const { record, peers } = view;
  const { monotonic } = peers.now;
  const known = record.registrations.get(router.key) ?? UNRECORDED;
  const times = { registeredAt: monotonic, pendingSince: monotonic, isReset: false };
  const lines = [keep(router, { ...known, ...times, restores: known.restores + 1 }, view)];
  return { change: { kind: 'add', router, evicted: [] }, lines };
}

/** Registers a peer that has other addresses than it should: it is removed and added again. */
export function registerAnew(router: Router, view: DomainView): RecordedChange {
  return { change: { kind: 'reset', router, evicted: [] }, lines: reset({ router }, view) };
}

function add({ router, from, isBroadcast }: Asked, view: DomainView): string[] {
  const { record, peers } = view;
  const { monotonic } = peers.now;
  const { key, address } = router;
  const source = isBroadcast ? BROADCAST_SOURCE : findRecordedSource(from);
  const isProtected = !record.hasHeld(address, source, peers.now);
  const heard = record.registrations.get(key)?.heard;
  const times = { registeredAt: monotonic, pendingSince: monotonic };
  const line = keep(router, { ...UNRECORDED, ...times, source, isProtected, heard }, view);
  return [line, record.hold(address, source, peers.now)];
}

function reset(asked: Asked, view: DomainView): string[] {
  const { router } = asked;
  const known = view.peers.ours.get(router.key)?.registration ?? UNRECORDED;
  const source = findSource(asked, known, view);
  return [keep(router, { ...known, registeredAt: view.peers.now.monotonic, isReset: true, source }, view)];
}

function evict(key: PublicKey, { record, peers, room }: DomainView): string {
  const registration = { ...(record.registrations.get(key) ?? UNRECORDED), isLeaving: true };
  peers.remove(key);
  room.remove(key);
  return record.set(key, registration);
}

function noteSource(asked: Asked, view: DomainView): string[] {
  const { router } = asked;
  const peer = view.peers.ours.get(router.key);
  if (peer === undefined) return [];
  const source = findSource(asked, peer.registration, view);
  return source === peer.registration.source ? [] : [keep(router, { ...peer.registration, source }, view)];
}

/** Of two households that registered a pending key, the one with fewer such keys: strangers cannot make it theirs. */
function findSource(
  { router: { key }, from, isBroadcast }: Asked,
  { source }: Registration,
  { peers, room }: DomainView,
): Source | undefined {
  if (isBroadcast || !peers.pending.has(key)) return source;
  const other = findRecordedSource(from);
  // Its router has come itself: no flood of broadcasts can evict it any more.
  if (source === BROADCAST_SOURCE) return other;
  if (other === undefined || other === source) return source;
  // The count of `source` includes the key itself.
  return source === undefined || room.countPending(other) + 1 < room.countPending(source) ? other : source;
}

function keep(router: Router, registration: Registration, { record, peers, room }: DomainView): string {
  peers.register(router, registration);
  room.add(router.key);
  return record.set(router.key, registration);
}
