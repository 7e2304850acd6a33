import { buildDeleteEntry, buildDeleteRoute, buildEnsureEntry, buildEnsureRoute } from '../core/commands.ts';
import type { LinkAddress } from '../core/link-address.ts';
import type { PeerTable } from '../core/peer-table.ts';
import { compareEntries, compareRoutes, type Difference } from '../core/reconcile.ts';
import { changeEntries, changeRoutes, readForwardingEntries, readHostRoutes } from '../system/forwarding.ts';
import { applyJointly } from '../system/jointly.ts';
import { reportFailures } from './failures.ts';
import type { Pass } from './pass.ts';

/** Gives every peer of ours its forwarding entries, and removes those that no peer needs. Returns how many failed. */
export async function repairEntries(peers: PeerTable, pass: Pass): Promise<number> {
  const { domain } = pass;
  const settings = { ...domain, variant: domain.address };
  const difference = compareEntries(await readForwardingEntries(domain), findRouters(peers), peers.operators, settings);
  return repair('forwarding entry', difference, pass, {
    describe: ({ mac, destination }) => ({ mac, address: destination }),
    ensure: (entry) => [buildEnsureEntry(entry, domain.vxlan)],
    remove: (entry) => buildDeleteEntry(entry, domain.vxlan),
    change: changeEntries,
  });
}

/** The same for host routes, where the domain keeps them. */
export async function repairRoutes(peers: PeerTable, pass: Pass): Promise<number> {
  const { domain } = pass;
  if (!domain.route) return 0;
  const difference = compareRoutes(await readHostRoutes(domain), findRouters(peers), peers.operators, domain.address);
  return repair('route', difference, pass, {
    describe: (address) => ({ address }),
    ensure: (address) => [buildEnsureRoute(address, domain.wireguard)],
    remove: (address) => buildDeleteRoute(address, domain.wireguard),
    change: changeRoutes,
  });
}

/** How a kind of thing is made, removed and named. */
interface Repair<T> {
  describe(item: T): Record<string, string>;
  ensure(item: T): string[];
  remove(item: T): string[];
  change(lines: readonly string[]): Promise<void>;
}

async function repair<T>(
  what: string,
  { missing, orphaned }: Difference<T>,
  pass: Pass,
  how: Repair<T>,
): Promise<number> {
  const { domain, log, dryRun } = pass;
  const steps = [
    { verb: dryRun ? 'would remove' : 'removed', items: orphaned, build: how.remove },
    { verb: dryRun ? 'would restore' : 'restored', items: missing, build: how.ensure },
  ];
  let failed = 0;
  for (const { verb, items, build } of steps) {
    const failures = await applyJointly(dryRun ? [] : items, (some) => how.change(some.flatMap(build)));
    for (const item of items.filter((one) => !failures.has(one)))
      log.info(`${verb} ${what}`, { domain: domain.name, ...how.describe(item) });
    reportFailures(what, failures, pass, how.describe);
    failed += failures.size;
  }
  return failed;
}

function findRouters(peers: PeerTable): LinkAddress[] {
  return [...peers.ours.keys()].map((key) => peers.describe(key));
}
