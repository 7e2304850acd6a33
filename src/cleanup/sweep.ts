import type { Config } from '../config.ts';
import type { Router } from '../core/changes.ts';
import { buildRemovePeer } from '../core/commands.ts';
import { formatDuration } from '../core/duration.ts';
import { PeerTable } from '../core/peer-table.ts';
import type { Peer, UnixSeconds } from '../core/peers.ts';
import type { PublicKey } from '../core/public-key.ts';
import { judgePeer, type Marks, updateMarks, type Verdict } from '../core/staleness.ts';
import { describeError } from '../errors.ts';
import { applyJointly, type Failures } from '../system/jointly.ts';
import { takeDomainLock } from '../system/lock.ts';
import { DamagedMarksError, findMarksFile, readMarks, setAsideMarks, writeMarks } from '../system/marks.ts';
import { readWireguard, requireInterfaces, setPeers } from '../system/wireguard.ts';
import type { Pass } from './pass.ts';
import { repairEntries, repairRoutes } from './repair.ts';

/** So many peers are removed in one call; each costs the kernel some time (`synchronize_net`). */
const REMOVALS_PER_CALL = 256;

/**
 * One pass of the cleanup over a domain, under its lock: no key is registered in between.
 * Returns how many things failed, each of which has its line in the log.
 * @throws Error where the domain cannot be read; then nothing was changed.
 */
export async function sweepDomain(pass: Pass): Promise<number> {
  requireInterfaces(pass.domain);
  const lock = await takeDomainLock(pass.config.runtime_directory, pass.domain.name);
  try {
    return await sweepLocked(pass);
  } finally {
    lock.release();
  }
}

async function sweepLocked(pass: Pass): Promise<number> {
  const { domain, config, log, dryRun } = pass;
  const peers = new PeerTable((await readWireguard(domain)).peers, domain.address);
  const file = findMarksFile(config.state_directory, domain.name);
  const marks = loadMarks(file, pass);
  const now = Date.now() / 1000;
  const judged = judgeAll(peers, marks, config, now);
  const remember = (some: readonly Judged[]) => {
    const verdicts = new Map(some.map(({ peer, verdict }) => [peer.key, verdict]));
    if (!dryRun) writeMarks(file, updateMarks(marks, verdicts, now));
  };
  // Before anything is removed: where marks cannot be written, a registration could not take one away either.
  remember(judged);
  const unremoved = await removeExpired(judged, peers, pass);
  for (const one of judged) reportVerdict(one, unremoved, now, pass);
  const remaining = judged.filter(({ peer }) => peers.ours.has(peer.key));
  if (remaining.length < judged.length) remember(remaining);
  const unrepaired = (await repairEntries(peers, pass)) + (await repairRoutes(peers, pass));
  const removed = judged.length - remaining.length;
  log.info(dryRun ? 'would have swept' : 'swept', { domain: domain.name, ...countVerdicts(judged), removed });
  return unremoved.size + unrepaired;
}

interface Judged {
  readonly peer: Peer;
  readonly router: Router;
  readonly verdict: Verdict;
}

function judgeAll(peers: PeerTable, marks: Marks, { cleanup }: Config, now: UnixSeconds): Judged[] {
  const limits = { staleAfterSeconds: cleanup.stale_after_seconds, secondLookSeconds: cleanup.second_look_seconds };
  return [...peers.ours.values()].map((peer) => ({
    peer,
    router: { key: peer.key, ...peers.derive(peer.key) },
    verdict: judgePeer(peer, marks.get(peer.key), limits, now),
  }));
}

/** Removes what expired, from `peers` too; returns what could not be removed. */
async function removeExpired(
  judged: readonly Judged[],
  peers: PeerTable,
  { domain, dryRun }: Pass,
): Promise<Failures<PublicKey>> {
  const expired = judged.filter(({ verdict }) => verdict === 'expired').map(({ peer }) => peer.key);
  const unremoved = new Map<PublicKey, unknown>();
  for (let start = 0; start < expired.length && !dryRun; start += REMOVALS_PER_CALL) {
    const keys = expired.slice(start, start + REMOVALS_PER_CALL);
    const failures = await applyJointly(keys, (some) => setPeers(domain, some.map(buildRemovePeer)));
    for (const [key, error] of failures) unremoved.set(key, error);
  }
  for (const key of expired) if (!unremoved.has(key)) peers.remove(key);
  return unremoved;
}

/** A state that cannot be read costs every stale key one more pass, and no living one anything. */
function loadMarks(file: string, { domain, log, dryRun }: Pass): Marks {
  try {
    return readMarks(file);
  } catch (error) {
    if (!(error instanceof DamagedMarksError)) throw error;
    const aside = dryRun ? undefined : setAsideMarks(file);
    log.warn('started without marks', { domain: domain.name, aside, reason: describeError(error) });
    return new Map();
  }
}

const EVENTS: Record<Verdict, { readonly done: string; readonly dry: string }> = {
  alive: { done: 'alive', dry: 'alive' },
  revived: { done: 'alive again', dry: 'alive again' },
  marked: { done: 'marked', dry: 'would mark' },
  waiting: { done: 'still marked', dry: 'still marked' },
  expired: { done: 'removed', dry: 'would remove' },
};

function reportVerdict(
  { peer, router, verdict }: Judged,
  unremoved: Failures<PublicKey>,
  now: UnixSeconds,
  pass: Pass,
): void {
  const { domain, log, dryRun } = pass;
  const heard = peer.lastHandshake === 'never' ? 'never' : `${formatDuration(now - peer.lastHandshake)} ago`;
  const fields = { domain: domain.name, address: router.address, key: peer.key, heard };
  if (unremoved.has(peer.key)) log.error('failed', { ...fields, reason: describeError(unremoved.get(peer.key)) });
  else log[verdict === 'alive' ? 'debug' : 'info'](EVENTS[verdict][dryRun ? 'dry' : 'done'], fields);
}

function countVerdicts(judged: readonly Judged[]): Record<string, number> {
  const count = (...verdicts: Verdict[]) => judged.filter(({ verdict }) => verdicts.includes(verdict)).length;
  return { alive: count('alive', 'revived'), marked: count('marked'), waiting: count('waiting') };
}
