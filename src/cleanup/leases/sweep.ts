import { findGone } from '../../core/changes/revival.ts';
import type { DomainView } from '../../core/decisions/admission.ts';
import { judgeOverdue } from '../../core/decisions/overdue.ts';
import { judgePeer, updateMarks, type Verdict } from '../../core/decisions/staleness.ts';
import { describeError } from '../../core/values/errors.ts';
import type { PublicKey } from '../../core/values/public-key.ts';
import type { DomainSession } from '../../system/domain/domain-session.ts';
import type { LeaseTable } from '../../system/leases/lease-table.ts';
import { isClockUnsynchronised } from '../../system/members/clock.ts';
import { findTable } from '../../system/members/find-table.ts';
import { Mails } from '../../system/members/mails.ts';
import { OverdueFile, readUptime } from '../../system/members/overdue-file.ts';
import { type Members, removeMembers, settleMembers } from '../../system/members/settle.ts';
import { findProofs, keepHistory } from '../pass/history.ts';
import type { Pass } from '../pass/pass.ts';
import { withSession } from '../pass/session.ts';

/**
 * One pass of the cleanup over a domain that has leases, under its lock: ends leases whose end date has passed, makes the
 * peers match the table, and removes peers that no row explains, each by two looks. Returns the number of failures,
 * which are logged.
 * @throws Error if the domain or the table cannot be read; then nobody has been removed.
 */
export function sweepMembers(pass: Pass): Promise<number> {
  return withSession(pass, sweepLocked);
}

/** Like {@link sweepMembers}, but only makes the peers match the table. */
export function repairMembers(pass: Pass): Promise<number> {
  return withSession(pass, async (session) => {
    const view = await session.open();
    return (await settleMembers(view, findMembers(session, pass))).failures;
  });
}

async function sweepLocked(session: DomainSession, pass: Pass): Promise<number> {
  const { domain, log, dryRun } = pass;
  const members = findMembers(session, pass);
  const view = await session.open();
  await endOverdue(members.table, view, pass);
  const settled = await settleMembers(view, members);
  const verdicts = judgeStrangers(settled.strangers, { session, view }, pass);
  const expired = settled.strangers.filter((key) => verdicts.get(key) === 'expired');
  const unremoved = await removeMembers(expired, view, members);
  const removed = settled.removed + expired.length - unremoved.size;
  for (const key of expired) if (!unremoved.has(key)) verdicts.delete(key);
  if (!dryRun) {
    conclude(verdicts, removed, { session, view }, pass);
    await keepMails(members.table, view, pass);
  }
  const alive = view.peers.ours.size - view.peers.pending.size;
  const waiting = [...verdicts.values()].filter((verdict) => verdict !== 'marked').length;
  log.report('cleanup finished', { domain: domain.name, alive, marked: verdicts.size - waiting, waiting, removed });
  return settled.failures + unremoved.size;
}

function findMembers(session: DomainSession, { domain, config, log, dryRun }: Pass): Members {
  return { domain, session, table: findTable(config), log, isDry: dryRun };
}

/** The end date of a lease counts once two passes have seen it pass. */
async function endOverdue(table: LeaseTable, { peers }: DomainView, pass: Pass): Promise<void> {
  const { domain, config, log, dryRun } = pass;
  const now = Math.floor(peers.now.unix);
  const overdue = (await table.list({ domain: domain.name, expiredAt: now })).filter(
    ({ ended }) => ended === undefined,
  );
  const file = new OverdueFile(config.runtime_directory, domain.name);
  if (overdue.length > 0 && (await isClockUnsynchronised())) {
    const reason = 'the clock is not synchronised';
    log.report('no lease expires', { domain: domain.name, count: overdue.length, reason });
    return;
  }
  const secondLookSeconds = config.cleanup.second_look_seconds;
  const { expired, marked, marks } = judgeOverdue(overdue, file.read(), { uptime: readUptime(), secondLookSeconds });
  for (const { id, key } of marked) log.report('lease overdue', { domain: domain.name, lease: id, key });
  if (dryRun) return;
  const due = expired.map(({ id }) => id);
  const ended = due.length === 0 ? [] : await table.end(due, now);
  for (const { id, key } of expired)
    if (ended.includes(id)) log.report('lease expired', { domain: domain.name, lease: id, key });
  // Last, as one that could not be ended keeps its mark.
  file.write(marks);
}

/** Never throws: mails are not worth a pass. */
async function keepMails(table: LeaseTable, { peers }: DomainView, { domain, config, log }: Pass): Promise<void> {
  try {
    await new Mails(domain, config).keep(table, Math.floor(peers.now.unix));
  } catch (error) {
    log.report('mail problem', { reason: describeError(error) });
  }
}

interface Sweep {
  readonly session: DomainSession;
  readonly view: DomainView;
}

/** Peers that no row explains: the table may be an older one. */
function judgeStrangers(
  strangers: readonly PublicKey[],
  { session, view }: Sweep,
  { domain, config: { cleanup }, log }: Pass,
): Map<PublicKey, Verdict> {
  const { marks } = session.memory.readState();
  const limits = { staleAfterSeconds: cleanup.stale_after_seconds, secondLookSeconds: cleanup.second_look_seconds };
  return new Map(
    strangers.map((key) => {
      const verdict = judgePeer({ heard: 'never', isAllowed: false }, marks.get(key), limits, view.peers.now);
      const fields = { domain: domain.name, address: view.peers.ours.get(key)?.held?.address, key };
      if (verdict === 'marked') log.report('marked', fields);
      if (verdict === 'waiting') log.report('still marked', fields);
      return [key, verdict];
    }),
  );
}

/** Writes down what the pass found. */
function conclude(
  verdicts: ReadonlyMap<PublicKey, Verdict>,
  removed: number,
  { session, view }: Sweep,
  pass: Pass,
): void {
  const { now } = view.peers;
  const { marks, cleanup } = session.memory.readState();
  session.memory.writeState({
    marks: updateMarks(marks, verdicts, now.unix),
    alive: session.collectAlive(view),
    interfaces: session.interfaces,
    cleanup: {
      passes: cleanup.passes + 1,
      removals: cleanup.removals + removed,
      lastPass: Math.floor(now.unix),
    },
  });
  keepHistory(view, findProofs(view), cleanup.lastPass, pass);
  for (const key of findGone(view)) view.record.drop(key);
  session.rewrite(view);
}
