import { type DomainConfig, isMesh } from '../../config/config.ts';
import { compareEntries, compareRoutes, type Difference } from '../../core/changes/reconcile.ts';
import type { ForwardingEntry } from '../../core/kernel/fdb.ts';
import { buildDeleteEntry, buildDeleteRoute, buildEnsureEntry, buildEnsureRoute } from '../../core/kernel/words.ts';
import type { PeerTable } from '../../core/peers/peer-table.ts';
import type { IpAddress } from '../../core/values/ip-address.ts';
import { applyJointly, type Failures } from '../kernel/bisect.ts';
import { changeEntries, readForwardingEntries } from '../kernel/fdb.ts';
import { changeRoutes, readHostRoutes } from '../kernel/routes.ts';

/** What was repaired of one kind of thing, or would be. */
export interface Repaired<T> {
  readonly what: 'forwarding entry' | 'route';
  readonly removed: readonly T[];
  readonly restored: readonly T[];
  readonly failures: Failures<T>;
  describe(item: T): { readonly address?: IpAddress; readonly mac?: string; readonly via?: string };
}

export type Repairs = readonly [Repaired<ForwardingEntry>?, Repaired<IpAddress>?];

/**
 * Gives every peer of ours its forwarding entries and its route, and removes those that no peer needs. A dry run only
 * looks.
 */
export async function repairForwarding(domain: DomainConfig, peers: PeerTable, dryRun: boolean): Promise<Repairs> {
  if (!isMesh(domain)) return [];
  const entries = compareEntries(await readForwardingEntries(domain), peers, domain);
  const repairedEntries = await repair(entries, dryRun, {
    what: 'forwarding entry',
    describe: ({ mac, destination, via }) => ({ mac, address: destination, ...(via === undefined && { via: 'none' }) }),
    ensure: (entry) => buildEnsureEntry(entry, domain.vxlan),
    remove: (entry) => buildDeleteEntry(entry, domain.vxlan),
    change: changeEntries,
  });
  if (!domain.route) return [repairedEntries];
  const routes = compareRoutes(await readHostRoutes(domain), peers);
  const repairedRoutes = await repair(routes, dryRun, {
    what: 'route',
    describe: (address) => ({ address }),
    ensure: (address) => [buildEnsureRoute(address, domain.wireguard)],
    remove: (address) => buildDeleteRoute(address, domain.wireguard),
    change: changeRoutes,
  });
  return [repairedEntries, repairedRoutes];
}

/** How one kind of thing is created, removed and described. */
interface Manner<T> extends Pick<Repaired<T>, 'what' | 'describe'> {
  ensure(item: T): string[];
  remove(item: T): string[];
  change(lines: readonly string[]): Promise<void>;
}

async function repair<T>({ missing, orphaned }: Difference<T>, dryRun: boolean, how: Manner<T>): Promise<Repaired<T>> {
  const { what, describe, change } = how;
  const apply = (items: readonly T[], build: (item: T) => string[]) =>
    applyJointly(dryRun ? [] : items, (some) => change(some.flatMap(build)));
  const kept = await apply(orphaned, how.remove);
  const lacking = await apply(missing, how.ensure);
  return {
    what,
    describe,
    removed: orphaned.filter((item) => !kept.has(item)),
    restored: missing.filter((item) => !lacking.has(item)),
    failures: new Map([...kept, ...lacking]),
  };
}
