import type { EditOptions } from '../../editing/editing.ts';
import { changeLease } from '../../leases/change-lease.ts';
import { beginLeasing, findMails, readLeaseId } from '../../leases/leasing.ts';
import { withdraw } from '../../leases/publish.ts';
import type { Call } from '../../terminal/call.ts';

/** `wgkex lease revoke ID`: end a lease at once. */
export async function run({ args: [text = ''], options }: Call<EditOptions>): Promise<boolean> {
  const id = readLeaseId(text);
  const leasing = beginLeasing(options);
  const { table, dryRun, now } = leasing;
  return changeLease(id, 'revoked', { leasing, options }, async (lease) => {
    const { domain, key, ended } = lease;
    if (ended !== undefined) throw new Error(`Cannot revoke ${id}: it has ended already`);
    if (!dryRun && !(await table.revoke(id, now))) throw new Error(`Cannot revoke ${id}: it has changed meanwhile`);
    if (!dryRun) withdraw(findMails(domain, leasing), id);
    return { lease: { ...lease, ended: now }, affected: key && { key, isMember: false } };
  });
}
