import type { Config, DomainConfig } from '../../config/config.ts';
import { compareMembers, type MemberDifference } from '../../core/changes/members.ts';
import type { Lease } from '../../core/leases/lease.ts';
import type { DomainName } from '../../core/values/names.ts';
import { LeaseTableError } from '../../system/leases/table-error.ts';
import { findTable } from '../../system/members/find-table.ts';
import type { DomainReading } from '../gateway/domain.ts';
import { readDomains } from '../gateway/peers.ts';

/** All rows of the table, or why they cannot be read. */
export type Leases = readonly Lease[] | LeaseTableError;

/** How the peers of each domain that could be read differ from its leases. */
export type Differences = ReadonlyMap<DomainName, MemberDifference>;

/** Much longer than a batch of the service takes. */
const SETTLE_MILLISECONDS = 500;

/** Reads the leases of all domains at once. */
export async function readLeases(config: Config): Promise<Leases> {
  try {
    return await findTable(config).list();
  } catch (error) {
    if (error instanceof LeaseTableError) return error;
    throw error;
  }
}

/** Compares twice if there is a difference: a member that is being admitted must not look like a fault. */
export async function findDifferences(
  readings: readonly DomainReading[],
  leases: readonly Lease[],
  config: Config,
): Promise<Differences> {
  const first = compareAll(readings, leases);
  const different = readings.filter(({ domain }) => hasDifference(first.get(domain.name))).map(({ domain }) => domain);
  if (different.length === 0) return first;
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MILLISECONDS));
  return confirm(first, await compareAgain(different, config));
}

async function compareAgain(domains: readonly DomainConfig[], config: Config): Promise<Differences> {
  const [{ readings }, leases] = await Promise.all([readDomains(domains, config), readLeases(config)]);
  return leases instanceof LeaseTableError ? new Map() : compareAll(readings, leases);
}

function compareAll(readings: readonly DomainReading[], leases: readonly Lease[]): Differences {
  return new Map(
    readings.map(({ domain: { name }, view }) => [name, compareMembers(listBound(leases, name), view)] as const),
  );
}

/** Those of a domain that have a key and have not ended. */
export function listBound(leases: readonly Lease[], name: DomainName): Lease[] {
  return leases.filter(({ domain, key, ended }) => domain === name && key !== undefined && ended === undefined);
}

function hasDifference(difference: MemberDifference | undefined): boolean {
  return difference !== undefined && difference.unserved.length + difference.leaseless.length > 0;
}

/** Only what both found. */
function confirm(first: Differences, second: Differences): Differences {
  return new Map(
    [...first].map(([name, { unserved, leaseless }]) => {
      const { unserved: stillUnserved = [], leaseless: stillLeaseless = [] } = second.get(name) ?? {};
      const isStillUnserved = ({ id }: Lease) => stillUnserved.some((lease) => lease.id === id);
      return [
        name,
        {
          unserved: unserved.filter(isStillUnserved),
          leaseless: leaseless.filter((key) => stillLeaseless.includes(key)),
        },
      ];
    }),
  );
}
