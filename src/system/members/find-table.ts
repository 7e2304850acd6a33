import type { Config } from '../../config/config.ts';
import { LeaseTable } from '../leases/lease-table.ts';
import { locateTable } from './table-file.ts';

/** The table of this gateway's leases. */
export function findTable(config: Pick<Config, 'state_directory'>): LeaseTable {
  return new LeaseTable(locateTable(config));
}
