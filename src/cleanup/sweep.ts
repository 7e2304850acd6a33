import { findGone } from '../core/changes/revival.ts';
import type { DomainView } from '../core/decisions/admission.ts';
import { judgePeer, type Marks, updateMarks, type Verdict } from '../core/decisions/staleness.ts';
import { isAllowed } from '../core/exchange/key-lists.ts';
import { buildRemovePeer } from '../core/kernel/words.ts';
import type { Router } from '../core/peers/address-plan.ts';
import { updateClaims } from '../core/peers/claims.ts';
import type { OurPeer } from '../core/peers/peer-table.ts';
import { UNRECORDED } from '../core/peers/record.ts';
import { formatDuration } from '../core/values/duration.ts';
import type { PublicKey } from '../core/values/public-key.ts';
import type { EventName } from '../log/events.ts';
import type { DomainSession } from '../system/domain/domain-session.ts';
import { repairForwarding } from '../system/domain/repair.ts';
import { applyJointly, type Failures } from '../system/kernel/bisect.ts';
import { setPeers } from '../system/kernel/wg.ts';
import type { DomainState } from '../system/store/state.ts';
import { findProofs, keepHistory } from './pass/history.ts';
import type { Pass } from './pass/pass.ts';
import { withSession } from './pass/session.ts';
import { reportFailures, reportRepairs } from './reports.ts';

/**
 * One pass of the cleanup over a domain, under its lock: no key is registered in between.
 * Returns the number of failures, which are logged.
 * @throws Error if the domain cannot be read; then nothing has been changed.
 */
export function sweepDomain(pass: Pass): Promise<number> {
  return withSession(pass, sweepLocked);
}

/** Like {@link sweepDomain}, but only makes entries and routes match the keys: it neither marks nor removes a key. */
export function repairDomain(pass: Pass): Promise<number> {
  return withSession(pass, async (session) => repair(await session.open(), pass));
}

async function sweepLocked(session: DomainSession, pass: Pass): Promise<number> {
  const { domain, log, dryRun } = pass;
  const view = await session.open();
  const state = session.memory.readState();
  const judged = judgeAll(view, state.marks, pass);
  // Before anything is removed: if marks cannot be written, a registration could not clear one either.
  if (!dryRun) {
    remember(judged, { session, view, state }, pass);
    keepHistory(view, findProofs(view), state.cleanup.lastPass, pass);
  }
  const unremoved = await removeExpired(judged, { session, view }, pass);
  for (const one of judged) if (!unremoved.has(one.peer.key)) reportVerdict(one, view, pass);
  reportFailures('key', unremoved, pass, (key) => ({ address: view.peers.describe(key).address, key }));
  const remaining = judged.filter(({ peer }) => view.peers.ours.has(peer.key));
  const removed = judged.length - remaining.length;
  const unrepaired = await repair(view, pass);
  if (!dryRun) await conclude(remaining, removed, { session, view, state }, pass);
  log.report('cleanup finished', { domain: domain.name, ...countVerdicts(judged), removed });
  return unremoved.size + unrepaired;
}

/** Returns the number of failures. */
async function repair({ peers }: DomainView, pass: Pass): Promise<number> {
  return reportRepairs(await repairForwarding(pass.domain, peers, pass.dryRun), pass);
}

/** What a pass works on. */
interface Sweep {
  readonly session: DomainSession;
  readonly view: DomainView;
  /** As it was before the pass. */
  readonly state: DomainState;
}

/** Writes down what the pass found: marks, living keys, and claims of addresses. */
function remember(remaining: readonly Judged[], { session, view, state }: Sweep, { domain }: Pass, removed = 0): void {
  const { now } = view.peers;
  const verdicts = new Map(remaining.map(({ peer, verdict }) => [peer.key, verdict]));
  const { passes, removals } = state.cleanup;
  session.memory.writeState({
    marks: updateMarks(state.marks, verdicts, now.unix),
    alive: session.collectAlive(view),
    interfaces: session.interfaces,
    cleanup: { passes: passes + 1, removals: removals + removed, lastPass: Math.floor(now.unix) },
  });
  if (removed > 0) return;
  const { claims } = session.memory.readClaims();
  const elapsed = session.memory.findSecondsSincePass(now);
  session.memory.writeClaims(updateClaims(claims, findProofs(view), elapsed, domain.max_peers), now);
}

/** Drops from the record the keys that are gone; what it knew about them is in the claims by now. */
async function conclude(remaining: readonly Judged[], removed: number, sweep: Sweep, pass: Pass): Promise<void> {
  if (removed > 0) remember(remaining, sweep, pass, removed);
  // A key leaves the record only after a reading without it.
  const view = removed > 0 ? await sweep.session.open() : sweep.view;
  for (const key of findGone(view)) view.record.drop(key);
  sweep.session.rewrite(view);
}

interface Judged {
  readonly peer: OurPeer;
  readonly router: Router;
  readonly verdict: Verdict;
}

function judgeAll({ peers, lists }: DomainView, marks: Marks, { config: { cleanup } }: Pass): Judged[] {
  const limits = { staleAfterSeconds: cleanup.stale_after_seconds, secondLookSeconds: cleanup.second_look_seconds };
  return [...peers.ours.values()].map((peer) => ({
    peer,
    router: peer.held ?? peer.router,
    verdict: judgePeer(
      { heard: peer.heard, isAllowed: isAllowed(peer.key, lists) },
      marks.get(peer.key),
      limits,
      peers.now,
    ),
  }));
}

/** Removes the expired keys, also from the view; returns those that could not be removed. */
async function removeExpired(
  judged: readonly Judged[],
  { session, view }: Pick<Sweep, 'session' | 'view'>,
  { domain, log, dryRun }: Pass,
): Promise<Failures<PublicKey>> {
  const expired = judged.filter(({ verdict }) => verdict === 'expired').map(({ peer }) => peer.key);
  const [doubt] = view.lists.doubts;
  if (doubt !== undefined && expired.length > 0) {
    log.report('nothing removed', { domain: domain.name, count: expired.length, reason: doubt });
    return new Map(expired.map((key) => [key, new Error(doubt)]));
  }
  if (dryRun) return new Map();
  session.write(
    expired.map((key) => leave(key, view)),
    view,
  );
  const unremoved = await applyJointly(expired, (some) => setPeers(domain, some.map(buildRemovePeer)));
  for (const key of expired) if (!unremoved.has(key)) view.peers.remove(key);
  return unremoved;
}

/** Sees to it that nothing restores a peer that the cleanup is about to remove. */
function leave(key: PublicKey, { record }: DomainView): string {
  return record.set(key, { ...(record.registrations.get(key) ?? UNRECORDED), isLeaving: true });
}

const VERDICTS = {
  alive: 'alive',
  revived: 'alive again',
  marked: 'marked',
  waiting: 'still marked',
  expired: 'removed',
} as const satisfies Record<Verdict, EventName>;

function reportVerdict({ peer, router, verdict }: Judged, { peers }: DomainView, { domain, log }: Pass): void {
  const heard = peer.heard === 'never' ? 'never' : `${formatDuration(peers.now.unix - peer.heard)} ago`;
  log.report(VERDICTS[verdict], { domain: domain.name, address: router.address, key: peer.key, heard });
}

function countVerdicts(judged: readonly Judged[]): Record<'alive' | 'marked' | 'waiting', number> {
  const count = (...verdicts: Verdict[]) => judged.filter(({ verdict }) => verdicts.includes(verdict)).length;
  return { alive: count('alive', 'revived'), marked: count('marked'), waiting: count('waiting') };
}
