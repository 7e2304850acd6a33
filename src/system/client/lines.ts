import { FAMILIES, type Family, parseCidr } from '../../core/client/networks.ts';
import { formatRoute, PRIORITIES, type TunnelPlan } from '../../core/client/tunnel-plan.ts';
import { formatRule } from '../../core/kernel/rules.ts';
import type { TableRoute } from '../../core/kernel/table-routes.ts';
import { runBatch } from './batch.ts';
import { type Marked, OPTION } from './marked.ts';

export type Lines = Pick<TunnelPlan, 'routes' | 'rules'>;
/** What follows `ip rule add`, by priority. */
type Rules = Lines['rules'];

/** The rule that names the owner comes before everything else: by it the next call finds the rest. */
export function addOwner(before: Marked, { rules }: Lines): Promise<void> {
  return changeRules('add', select(rules, isOwner), formatRules(before));
}

/**
 * Adds the routes that are missing. Never by `replace`, which takes another’s route of the same network; since the routes
 * were checked there may be one.
 */
export async function addRoutes(before: Marked, { routes }: Lines): Promise<void> {
  const known = before.routes.map(describe);
  await runBatch(routes.filter((route) => !known.includes(route)).map((route) => `route add ${route}`));
}

/** In the order of their priorities: those that catch packets come last. */
export function addRules(before: Marked, { rules }: Lines): Promise<void> {
  return changeRules('add', select(rules, isOther), formatRules(before));
}

/** Removes what is not planned, the rules that catch packets first; all but the rule that names the owner. */
export async function removeLines(before: Marked, plan: Lines): Promise<void> {
  await changeRules('del', select(formatRules(before), isOther), plan.rules);
  const routes = [...new Set(before.routes.map(describe))].filter((route) => !plan.routes.includes(route));
  await runBatch(routes.map((route) => `route del ${route}`));
}

/** Comes after everything else that the owner has. */
export function removeOwner(before: Marked, { rules }: Lines): Promise<void> {
  return changeRules('del', select(formatRules(before), isOwner), rules);
}

/** Adds those of `some` that `others` do not have, or removes them, the last one first. */
async function changeRules(verb: 'add' | 'del', some: Rules, others: Rules): Promise<void> {
  for (const family of FAMILIES) {
    const lines = some[family].filter((rule) => !others[family].includes(rule)).map((rule) => `rule ${verb} ${rule}`);
    await runBatch(verb === 'add' ? lines : lines.reverse(), OPTION[family]);
  }
}

function isOwner(rule: string): boolean {
  return rule.startsWith(`pref ${PRIORITIES.owner} `);
}

function isOther(rule: string): boolean {
  return !isOwner(rule);
}

function select(rules: Rules, is: (rule: string) => boolean): Rules {
  return mapFamilies((family) => rules[family].filter(is));
}

function formatRules({ rules }: Marked): Rules {
  return mapFamilies((family) => rules[family].map(formatRule));
}

function mapFamilies<T>(make: (family: Family) => T): Record<Family, T> {
  return { IPv4: make('IPv4'), IPv6: make('IPv6') };
}

/** As the plan has it: `ip` prints a host without its length, and some IPv6 routes twice. */
function describe({ network, ...route }: TableRoute): string {
  return formatRoute({ ...route, network: parseCidr(network).text });
}
