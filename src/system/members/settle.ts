import type { DomainConfig } from '../../config/config.ts';
import { compareMembers, planServing } from '../../core/changes/members.ts';
import type { DomainView } from '../../core/decisions/admission.ts';
import { buildRemovePeer } from '../../core/kernel/words.ts';
import type { Lease, LeaseId } from '../../core/leases/lease.ts';
import { UNRECORDED } from '../../core/peers/record.ts';
import { describeError } from '../../core/values/errors.ts';
import type { PublicKey } from '../../core/values/public-key.ts';
import type { Events } from '../../log/events.ts';
import { applyChanges } from '../domain/apply-changes.ts';
import type { DomainSession } from '../domain/domain-session.ts';
import { applyJointly, type Failures } from '../kernel/bisect.ts';
import { setPeers } from '../kernel/wg.ts';
import type { KeyUse } from '../leases/answers.ts';
import type { LeaseTable } from '../leases/lease-table.ts';

/** What settling needs. */
export interface Members {
  readonly domain: DomainConfig;
  readonly session: DomainSession;
  readonly table: LeaseTable;
  readonly log: Events;
  /** Only says what would be done. */
  readonly isDry?: boolean;
}

export interface Settled {
  /** Our peers that no row of the table explains. */
  readonly strangers: readonly PublicKey[];
  readonly removed: number;
  /** What was not done, which is logged. */
  readonly failures: number;
}

/**
 * Makes the peers match the table: removes those whose lease has ended or was released, and gives every bound lease that
 * lasts its peer.
 * @throws Error if the table cannot be read, or was lost; then nothing has been changed.
 */
export async function settleMembers(view: DomainView, members: Members): Promise<Settled> {
  const { domain, table } = members;
  const { unserved, leaseless } = compareMembers(await table.readBound(domain.name), view);
  const uses = leaseless.length > 0 ? await readUses(leaseless, members) : new Map();
  const ended = leaseless.filter((key) => uses.has(key));
  const unremoved = await removeMembers(ended, view, members, (key) => uses.get(key)?.id);
  // They may have had the addresses of those that went.
  const unrestored = await serve(unserved, view, members);
  const strangers = leaseless.filter((key) => !uses.has(key));
  return { strangers, removed: ended.length - unremoved.size, failures: unremoved.size + unrestored };
}

/** A disk that is not mounted, or a crash, leaves a table without rows, which says nothing about peers that are there. */
async function readUses(
  leaseless: readonly PublicKey[],
  { domain, table }: Members,
): Promise<ReadonlyMap<PublicKey, KeyUse>> {
  const uses = await table.readKeys(domain.name);
  if (uses.size > 0 || (await table.list()).length > 0) return uses;
  const count = leaseless.length === 1 ? 'a member' : `${leaseless.length} members`;
  throw new Error(`Cannot trust ${table.path}: it has no lease at all, but the domain has ${count}`);
}

/** Removes peers, also from the view; returns those that could not be removed. Logs both. */
export async function removeMembers(
  keys: readonly PublicKey[],
  view: DomainView,
  members: Members,
  findLease: (key: PublicKey) => LeaseId | undefined = () => undefined,
): Promise<Failures<PublicKey>> {
  const { log } = members;
  const unremoved = await remove(keys, view, members);
  for (const key of keys) {
    const fields = { domain: members.domain.name, address: view.peers.ours.get(key)?.held?.address, key };
    if (unremoved.has(key)) log.report('failed', { ...fields, what: 'key', reason: describeError(unremoved.get(key)) });
    else log.report('removed', { ...fields, lease: findLease(key) });
    if (!unremoved.has(key)) view.peers.remove(key);
  }
  return unremoved;
}

async function remove(
  keys: readonly PublicKey[],
  view: DomainView,
  { domain, session, isDry }: Members,
): Promise<Failures<PublicKey>> {
  if (isDry || keys.length === 0) return new Map();
  const { record } = view;
  // Otherwise it would count as lost.
  const lines = keys.map((key) =>
    record.set(key, { ...(record.registrations.get(key) ?? UNRECORDED), isLeaving: true }),
  );
  session.write(lines, view);
  return applyJointly(keys, (some) => setPeers(domain, some.map(buildRemovePeer)));
}

/** Returns how many could not be served. */
async function serve(unserved: readonly Lease[], view: DomainView, members: Members): Promise<number> {
  const { domain, session, log, isDry } = members;
  if (unserved.length === 0) return 0;
  const planned = planServing(unserved, view);
  const changes = planned.map(({ change }) => change);
  if (!isDry)
    session.write(
      planned.flatMap(({ lines }) => lines),
      view,
    );
  const { failures } = isDry ? { failures: new Map() } : await applyChanges(domain, changes);
  const keys = changes.length - failures.size;
  log.report('restored', { domain: domain.name, keys, of: changes.length, reason: 'leases were without their peers' });
  for (const [{ router }, error] of [...failures].slice(0, 1)) {
    const fields = { address: router.address, key: router.key, failed: failures.size };
    log.report('restoring failed', { domain: domain.name, ...fields, reason: describeError(error) });
  }
  return failures.size;
}
