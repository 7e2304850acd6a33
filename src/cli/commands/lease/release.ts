import type { Lease } from '../../../core/leases/lease.ts';
import type { EditOptions } from '../../editing/editing.ts';
import { changeLease, type TableChange } from '../../leases/change-lease.ts';
import { beginLeasing, findMails, type Leasing, readLeaseId } from '../../leases/leasing.ts';
import { withdraw } from '../../leases/publish.ts';
import { makeToken } from '../../leases/tickets.ts';
import type { Call } from '../../terminal/call.ts';

interface Options extends EditOptions {
  readonly lost?: boolean;
}

/** `wgkex lease release ID`: free a lease for another key; with `--lost` its old token is void, too. */
export async function run({ args: [text = ''], options }: Call<Options>): Promise<boolean> {
  const id = readLeaseId(text);
  const leasing = beginLeasing(options);
  const { lost = false } = options;
  return changeLease(id, 'released', { leasing, options }, (lease) => release(lease, lost, leasing));
}

async function release(lease: Lease, isLost: boolean, leasing: Leasing): Promise<TableChange> {
  const { table, dryRun } = leasing;
  const { id, key, ended } = lease;
  if (ended !== undefined) throw new Error(`Cannot release ${id}: it has ended`);
  if (key === undefined) {
    const remedy = isLost ? `; replace its token with: wgkex lease rotate ${id}` : '';
    throw new Error(`Cannot release ${id}: it is not bound to a key${remedy}`);
  }
  const after = { ...lease, key: undefined, address4: undefined, address6: undefined, bound: undefined };
  const change = { lease: after, affected: { key, isMember: false } };
  if (dryRun) return change;
  const { token, secret } = isLost ? makeToken() : { token: undefined, secret: undefined };
  if (!(await table.release(id, secret))) throw new Error(`Cannot release ${id}: it has changed meanwhile`);
  if (isLost) withdraw(findMails(lease.domain, leasing), id, 'grant');
  return { ...change, token };
}
