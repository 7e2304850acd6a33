import type { Config } from '../../config/config.ts';
import type { Lease } from '../../core/leases/lease.ts';
import type { DomainName } from '../../core/values/names.ts';
import { LeaseTableError } from '../../system/leases/table-error.ts';
import type { DomainReading } from '../gateway/domain.ts';
import { readLeases } from './reading.ts';

/** The leases of the domains that have some, by their names; for each an error if they cannot be read. */
export async function readLeasesOf(
  readings: readonly DomainReading[],
  config: Config,
): Promise<ReadonlyMap<DomainName, readonly Lease[] | Error>> {
  const names = readings.flatMap(({ domain }) => (domain.leased === undefined ? [] : [domain.name]));
  const leases = await readLeases(config);
  const find = (name: DomainName) =>
    leases instanceof LeaseTableError ? leases : leases.filter(({ domain }) => domain === name);
  return new Map(names.map((name) => [name, find(name)]));
}
