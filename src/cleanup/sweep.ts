import type { Config } from '../config.ts';
import { buildRemovePeer } from '../core/commands.ts';
import { formatDuration } from '../core/duration.ts';
import { collectHandshakes } from '../core/handshakes.ts';
import { PeerTable, type Router } from '../core/peer-table.ts';
import type { Peer, UnixSeconds } from '../core/peers.ts';
import type { PublicKey } from '../core/public-key.ts';
import { isForgetful } from '../core/revival.ts';
import { judgePeer, type Marks, updateMarks, type Verdict } from '../core/staleness.ts';
import { describeError } from '../errors.ts';
import { readInterfacesId } from '../system/interfaces.ts';
import { applyJointly, type Failures } from '../system/jointly.ts';
import { takeDomainLock } from '../system/lock.ts';
import { readClock } from '../system/reading.ts';
import { reviveDomain } from '../system/revival.ts';
import { DamagedStateError, type DomainState, EMPTY_STATE, StateFile } from '../system/state.ts';
import { readWireguard, requireInterfaces, setPeers } from '../system/wireguard.ts';
import { reportFailures } from './failures.ts';
import type { Pass } from './pass.ts';
import { repairEntries, repairRoutes } from './repair.ts';

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
  const file = new StateFile(config.state_directory, domain.name);
  const state = loadState(file, pass);
  const interfaces = await readInterfacesId(domain);
  const read = async () => new PeerTable((await readWireguard(domain)).peers, domain.address);
  const before = await read();
  const hasRevived = !dryRun && isForgetful(state, { interfaces, peers: before }) && (await revive(state, pass));
  const peers = hasRevived ? await read() : before;
  const now = readClock();
  const judged = judgeAll(peers, state.marks, config, now);
  const passes = state.cleanup.passes + 1;
  const remember = (some: readonly Judged[]) => {
    const marks = updateMarks(state.marks, new Map(some.map(({ peer, verdict }) => [peer.key, verdict])), now);
    const there = some.map(({ peer }) => peer);
    const alive = collectHandshakes(there, state.alive, config.cleanup.stale_after_seconds, now);
    const removals = state.cleanup.removals + judged.length - some.length;
    const cleanup = { passes, removals, lastPass: Math.floor(now) };
    if (!dryRun) file.write({ marks, alive, interfaces, cleanup });
  };
  // Before anything is removed: where marks cannot be written, a registration could not take one away either.
  remember(judged);
  const unremoved = await removeExpired(judged, peers, pass);
  for (const one of judged) if (!unremoved.has(one.peer.key)) reportVerdict(one, now, pass);
  reportFailures('key', unremoved, pass, (key) => ({ address: peers.derive(key).address, key }));
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
    router: peers.describe(peer.key),
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
  const unremoved = await applyJointly(dryRun ? [] : expired, (some) => setPeers(domain, some.map(buildRemovePeer)));
  for (const key of expired) if (!unremoved.has(key)) peers.remove(key);
  return unremoved;
}

/** A state that cannot be read costs every stale key one more pass, and no living one anything. */
function loadState(file: StateFile, { domain, log, dryRun }: Pass): DomainState {
  try {
    return file.read();
  } catch (error) {
    if (!(error instanceof DamagedStateError)) throw error;
    const aside = dryRun ? undefined : file.setAside();
    log.warn('started without marks', { domain: domain.name, aside, reason: describeError(error) });
    return EMPTY_STATE;
  }
}

/** For a cleanup that comes before a handler has looked at the interfaces. */
function revive({ alive }: DomainState, { domain, config, log }: Pass): Promise<boolean> {
  return reviveDomain({ domain, config, log, alive, firstSeen: readClock });
}

const EVENTS: Record<Verdict, { readonly done: string; readonly dry: string }> = {
  alive: { done: 'alive', dry: 'alive' },
  revived: { done: 'alive again', dry: 'alive again' },
  marked: { done: 'marked', dry: 'would mark' },
  waiting: { done: 'still marked', dry: 'still marked' },
  expired: { done: 'removed', dry: 'would remove' },
};

function reportVerdict({ peer, router, verdict }: Judged, now: UnixSeconds, { domain, log, dryRun }: Pass): void {
  const heard = peer.lastHandshake === 'never' ? 'never' : `${formatDuration(now - peer.lastHandshake)} ago`;
  const fields = { domain: domain.name, address: router.address, key: peer.key, heard };
  log[verdict === 'alive' ? 'debug' : 'info'](EVENTS[verdict][dryRun ? 'dry' : 'done'], fields);
}

function countVerdicts(judged: readonly Judged[]): Record<string, number> {
  const count = (...verdicts: Verdict[]) => judged.filter(({ verdict }) => verdicts.includes(verdict)).length;
  return { alive: count('alive', 'revived'), marked: count('marked'), waiting: count('waiting') };
}
