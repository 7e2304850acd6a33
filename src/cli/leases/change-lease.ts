import type { Lease, LeaseId, Token } from '../../core/leases/lease.ts';
import type { Extension } from '../../system/leases/lease-table.ts';
import type { CommonOptions } from '../terminal/call.ts';
import { complain, printJson, printLines } from '../terminal/print.ts';
import { findTerminal } from '../terminal/terminal.ts';
import { describeChange, renderChange } from './change-text.ts';
import { type Leasing, requireLease } from './leasing.ts';
import { withLocks } from './locks.ts';
import { type Affected, type SettledPeer, settlePeer } from './settle-peer.ts';

export type ChangeName = 'extended' | 'released' | 'rotated' | 'revoked';

/** A change of the table, real or hypothetical. */
export interface TableChange {
  readonly lease: Lease;
  /** Undefined if no peer is concerned. */
  readonly affected?: Affected | undefined;
  /** A new one. */
  readonly token?: Token | undefined;
  /** For one that was extended: see {@link Extension}. */
  readonly addresses?: Extension['addresses'];
  /** Why it does not keep its addresses. */
  readonly reason?: string | undefined;
}

/** What a command did to a lease, or would do. */
export interface LeaseChange extends TableChange, SettledPeer {
  readonly what: ChangeName;
  readonly dryRun: boolean;
}

/**
 * Changes a lease, first in the table, then its peer, both under the lock of its domain, and reports it. False if the
 * peer is not as the table wants it.
 * @throws Error if the table was not changed.
 */
export async function changeLease(
  id: LeaseId,
  what: ChangeName,
  { leasing, options }: { readonly leasing: Leasing; readonly options: CommonOptions },
  change: (lease: Lease) => Promise<TableChange>,
): Promise<boolean> {
  const { dryRun, log } = leasing;
  const { domain } = await requireLease(id, leasing);
  const done = await withLocks([domain], leasing, async () => change(await requireLease(id, leasing)));
  log.report('lease changed', { domain, lease: id, what, by: 'operator' });
  const { affected } = done;
  const settled = affected === undefined ? UNTOUCHED : await settlePeer(domain, affected, leasing);
  if (!dryRun) await log.write();
  if (settled.complaint !== undefined) complain(`${domain}: ${settled.complaint}`);
  const report: LeaseChange = { ...done, ...settled, what, dryRun };
  if (options.json) printJson(describeChange(report));
  else printLines(renderChange(report, findTerminal()));
  return settled.complaint === undefined;
}

const UNTOUCHED: SettledPeer = { peer: undefined, complaint: undefined };
