import { exitWithUsageError } from '../../command-line.ts';
import { type Config, isLeased, type LeasedConfig } from '../../config/config.ts';
import { isLeaseId } from '../../core/leases/credentials.ts';
import type { Lease, LeaseId } from '../../core/leases/lease.ts';
import type { DomainName } from '../../core/values/names.ts';
import { quote } from '../../core/values/quote.ts';
import type { UnixSeconds } from '../../core/values/time.ts';
import { readClock } from '../../system/domain/moment.ts';
import type { LeaseTable } from '../../system/leases/lease-table.ts';
import { findTable } from '../../system/members/find-table.ts';
import { Mails } from '../../system/members/mails.ts';
import { beginEditing, type Editing, type EditOptions } from '../editing/editing.ts';
import { findDomains } from '../gateway/configuration.ts';
import { type CommonOptions, PROGRAM } from '../terminal/call.ts';

/** The context of a command for leases. */
export interface Leasing extends Editing {
  readonly table: LeaseTable;
  readonly now: UnixSeconds;
}

/** Reading the table takes root, too. */
export function beginLeasing(options: CommonOptions & EditOptions): Leasing {
  const editing = beginEditing(options);
  return { ...editing, table: findTable(editing.config), now: Math.floor(readClock()) };
}

/** The domain of this name or alias; another word, or a domain of the mesh, is a usage error. */
export function readLeasedDomain(name: string, config: Config, { config: path }: CommonOptions): LeasedConfig {
  const [domain] = findDomains(config, path, name);
  return domain !== undefined && isLeased(domain)
    ? domain
    : exitWithUsageError(PROGRAM, `domain ${quote(name)} in ${path} has no pool, and so no leases`);
}

export function findLeasedDomains({ domains }: Config): LeasedConfig[] {
  return [...domains.values()].filter(isLeased);
}

/** The letters to the members of a domain, which the configuration may not have any more. */
export function findMails(name: DomainName, { config }: Leasing): Mails {
  return new Mails({ name, leased: config.domains.get(name)?.leased }, config);
}

/** Anything else is a usage error that does not show it: it may be a whole ticket. */
export function readLeaseId(text: string): LeaseId {
  return isLeaseId(text)
    ? text
    : exitWithUsageError(PROGRAM, 'expected the ID of a lease: 8 letters and digits, without the token');
}

/** @throws Error */
export async function requireLease(id: LeaseId, { table }: Leasing): Promise<Lease> {
  const lease = await table.find(id);
  if (lease === undefined) throw new Error(`Cannot find lease ${id}: it is not in ${table.path}`);
  return lease;
}
