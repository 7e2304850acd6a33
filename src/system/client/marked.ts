import { existsSync } from 'node:fs';
import { EVERYTHING, FAMILIES, type Family } from '../../core/client/networks.ts';
import { ALL_TABLE, MAIN_TABLE, PRIORITIES, PROTOCOL, PROXY_TABLES } from '../../core/client/tunnel-plan.ts';
import { type PolicyRule, parseRules } from '../../core/kernel/rules.ts';
import { parseTableRoutes, type TableRoute } from '../../core/kernel/table-routes.ts';
import type { InterfaceName } from '../../core/values/names.ts';
import { run } from '../run/run.ts';

export const OPTION: Readonly<Record<Family, string>> = { IPv4: '-4', IPv6: '-6' };

/** What wgkex-tunnel has made in the kernel besides interfaces, for one tunnel or for all. */
export interface Marked {
  readonly rules: Readonly<Record<Family, readonly PolicyRule[]>>;
  readonly routes: readonly TableRoute[];
}

/** The families that this kernel has: with `ipv6.disable=1` there is no IPv6 at all. */
export function listFamilies(): Family[] {
  return existsSync('/proc/net/if_inet6') ? [...FAMILIES] : ['IPv4'];
}

/** Reads the rules and routes with our protocol, of all tunnels. */
export async function readMarked(): Promise<Marked> {
  const families = listFamilies();
  const [routes, IPv4, IPv6] = await Promise.all([
    Promise.all(families.map(readRoutes)),
    readRules('IPv4'),
    families.includes('IPv6') ? readRules('IPv6') : [],
  ]);
  return { rules: { IPv4, IPv6 }, routes: routes.flat() };
}

async function readRules(family: Family): Promise<PolicyRule[]> {
  const priorities: readonly number[] = Object.values(PRIORITIES);
  const rules = parseRules(await run('ip', [OPTION[family], '-N', '-json', 'rule', 'show']));
  return rules.filter(({ protocol, priority }) => protocol === PROTOCOL && priorities.includes(priority));
}

async function readRoutes(family: Family): Promise<TableRoute[]> {
  const words = ['route', 'show', 'table', 'all', 'proto', String(PROTOCOL)];
  return parseTableRoutes(await run('ip', [OPTION[family], '-N', '-json', ...words]), EVERYTHING[family]);
}

/** What of it belongs to the tunnel with this interface, which need not be there any more. */
export function findOwn({ rules, routes }: Marked, device: InterfaceName): Marked {
  const tables = findTables({ rules, routes }, device);
  const isOwn = ({ device: owner, table = ALL_TABLE }: PolicyRule) => {
    if (owner !== undefined) return owner === device;
    return tables.has(table === MAIN_TABLE ? ALL_TABLE : table);
  };
  return {
    rules: { IPv4: rules.IPv4.filter(isOwn), IPv6: rules.IPv6.filter(isOwn) },
    routes: routes.filter(
      (route) => route.device === device || (route.device === undefined && tables.has(route.table)),
    ),
  };
}

/** The tables of an interface: one at most, but for a change that was interrupted. */
export function findTables({ rules }: Marked, device: InterfaceName): Set<number> {
  const own = [...rules.IPv4, ...rules.IPv6].filter(
    (rule) => rule.priority === PRIORITIES.owner && rule.device === device,
  );
  return new Set(own.flatMap(({ table }) => table ?? []));
}

/** The interface of the tunnel that takes all traffic. */
export function findTaker({ rules }: Marked): string | undefined {
  const owners = [...rules.IPv4, ...rules.IPv6].filter((rule) => rule.priority === PRIORITIES.owner);
  return owners.find(({ table }) => table === ALL_TABLE)?.device;
}

/** The table of a tunnel for programs that bind to its address: its own, or the first that no other tunnel has. */
export function findProxyTable(marked: Marked, device: InterfaceName): number | undefined {
  const taken = new Set([...marked.rules.IPv4, ...marked.rules.IPv6].map(({ table }) => table));
  const own = [...findTables(marked, device)].find((table) => table !== ALL_TABLE);
  const count = PROXY_TABLES.last - PROXY_TABLES.first + 1;
  const all = Array.from({ length: count }, (_, index) => PROXY_TABLES.first + index);
  return own ?? all.find((table) => !taken.has(table));
}
