import type { EditOptions } from '../../editing/editing.ts';
import { changeLease } from '../../leases/change-lease.ts';
import { beginLeasing, findMails, readLeaseId } from '../../leases/leasing.ts';
import { withdraw } from '../../leases/publish.ts';
import { makeToken } from '../../leases/tickets.ts';
import type { Call } from '../../terminal/call.ts';

/** `wgkex lease rotate ID`: replace the token of a lease. */
export async function run({ args: [text = ''], options }: Call<EditOptions>): Promise<boolean> {
  const id = readLeaseId(text);
  const leasing = beginLeasing(options);
  return changeLease(id, 'rotated', { leasing, options }, async (lease) => {
    if (lease.ended !== undefined) throw new Error(`Cannot rotate ${id}: it has ended`);
    if (leasing.dryRun) return { lease };
    const { token, secret } = makeToken();
    if (!(await leasing.table.rotate(id, secret))) throw new Error(`Cannot rotate ${id}: it has changed meanwhile`);
    withdraw(findMails(lease.domain, leasing), id, 'grant');
    return { lease, token };
  });
}
