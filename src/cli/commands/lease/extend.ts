import { exitWithUsageError } from '../../../command-line.ts';
import type { Lease } from '../../../core/leases/lease.ts';
import type { UnixSeconds } from '../../../core/values/time.ts';
import type { Extension } from '../../../system/leases/lease-table.ts';
import type { EditOptions } from '../../editing/editing.ts';
import { findAddressFault } from '../../leases/address-fault.ts';
import { changeLease, type TableChange } from '../../leases/change-lease.ts';
import { beginLeasing, findMails, type Leasing, readLeaseId, requireLease } from '../../leases/leasing.ts';
import { publish } from '../../leases/publish.ts';
import { findEnd, readTerm, type Term, type TermOptions } from '../../leases/term.ts';
import { type Call, PROGRAM } from '../../terminal/call.ts';

/** `wgkex lease extend ID`: set another end date, and bring the lease back if it has ended. */
export async function run({ args: [text = ''], options }: Call<EditOptions & TermOptions>): Promise<boolean> {
  const id = readLeaseId(text);
  const leasing = beginLeasing(options);
  const term = readTerm(options, leasing.now) ?? exitWithUsageError(PROGRAM, 'expected --days or --until');
  requireEnd(await requireLease(id, leasing), term);
  return changeLease(id, 'extended', { leasing, options }, (lease) => extend(lease, term, leasing));
}

function requireEnd({ id, expires }: Lease, term: Term): void {
  if (expires === undefined && 'days' in term)
    exitWithUsageError(PROGRAM, `lease ${id} has no end date that --days could count from; use --until`);
}

/** The days count from the end date, or from now if that has passed. */
async function extend(lease: Lease, term: Term, leasing: Leasing): Promise<TableChange> {
  const expires = findEnd(term, Math.max(leasing.now, lease.expires ?? 0));
  const letter = leasing.dryRun ? undefined : findMails(lease.domain, leasing).prepareExtension({ ...lease, expires });
  const { lease: after, addresses, reason } = await extendRow(lease, expires, leasing);
  if (letter !== undefined) publish(letter);
  if (lease.ended === undefined) return { lease: after };
  const { key } = after;
  return { lease: after, addresses, reason, affected: key && { key, isMember: true } };
}

const OTHERS_HAVE_THEM = 'others have its key or its address by now';

async function extendRow(
  lease: Lease,
  expires: UnixSeconds,
  leasing: Leasing,
): Promise<Extension & Pick<TableChange, 'reason'>> {
  const { id } = lease;
  const fault = lease.ended === undefined ? undefined : await findAddressFault(lease, leasing);
  const extension = leasing.dryRun
    ? foresee({ ...lease, expires, ended: undefined }, fault !== undefined)
    : await leasing.table.extend(id, expires, { isUnbinding: fault !== undefined || undefined });
  if (extension === undefined) throw new Error(`Cannot extend ${id}: it is no longer in ${leasing.table.path}`);
  return { ...extension, reason: extension.addresses === 'new' ? (fault ?? OTHERS_HAVE_THEM) : undefined };
}

function foresee(lease: Lease, isUnbinding: boolean): Extension {
  const { bound, key, address4, address6 } = lease;
  const isLost = key === undefined || (address4 === undefined && address6 === undefined);
  if (!isLost && !isUnbinding) return { lease, addresses: 'same' };
  const unbound = { ...lease, key: undefined, address4: undefined, address6: undefined, bound: undefined };
  return { lease: unbound, addresses: bound === undefined ? 'unbound' : 'new' };
}
