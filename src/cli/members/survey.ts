import type { Config } from '../../config/config.ts';
import { LeaseTableError } from '../../system/leases/table-error.ts';
import type { GatewayStatus } from '../gateway/gateway.ts';
import { countLeases } from './counts.ts';
import { findHomeless, findMemberFaults, findPoolFaults, findTableFault } from './findings.ts';
import { findDifferences, readLeases } from './reading.ts';
import type { LeaseSummary } from './summary.ts';

/** Everything that `wgkex status` knows about the leases. */
export async function surveyLeases({ domains, at }: GatewayStatus, config: Config): Promise<LeaseSummary> {
  const leases = await readLeases(config);
  if (leases instanceof LeaseTableError) return { counts: new Map(), concerns: [findTableFault(leases)] };
  const leased = domains.map(({ domain }) => domain).filter((domain) => domain.leased !== undefined);
  const readings = domains.flatMap(({ domain, reading }) =>
    domain.leased === undefined || reading instanceof Error ? [] : [reading],
  );
  const differences = await findDifferences(readings, leases, config);
  return {
    counts: new Map(leased.map(({ name }) => [name, countLeases(leases, name, at)])),
    concerns: [
      ...findHomeless(leases, config),
      ...leased.flatMap((domain) => findPoolFaults(leases, domain, at)),
      ...[...differences].flatMap(([name, difference]) => findMemberFaults(name, difference)),
    ],
  };
}
