import { join } from 'node:path';
import type { Config } from '../../config/config.ts';

/** The file of this gateway's leases. */
export function locateTable({ state_directory }: Pick<Config, 'state_directory'>): string {
  return join(state_directory, 'leases.db');
}
