import { join } from 'node:path';
import type { Config } from '../../config/config.ts';
import { LeaseTable } from '../leases/lease-table.ts';

/** The table of this gateway's leases. */
export function findTable({ state_directory }: Pick<Config, 'state_directory'>): LeaseTable {
  return new LeaseTable(join(state_directory, 'leases.db'));
}
