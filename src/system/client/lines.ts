import { FAMILIES, parseCidr } from '../../core/client/networks.ts';
import { formatRoute, PRIORITIES, type TunnelPlan } from '../../core/client/tunnel-plan.ts';
import { formatRule } from '../../core/kernel/rules.ts';
import type { TableRoute } from '../../core/kernel/table-routes.ts';
import { runBatch } from './batch.ts';
import { type Marked, OPTION } from './marked.ts';

export type Lines = Pick<TunnelPlan, 'routes' | 'rules'>;

/**
 * Adds the routes that are missing. Never by `replace`, which takes another’s route of the same network; since the routes
 * were checked there may be one.
 */
export async function addRoutes(before: Marked, { routes }: Lines): Promise<void> {
  const known = before.routes.map(describe);
  await runBatch(routes.filter((route) => !known.includes(route)).map((route) => `route add ${route}`));
}

/** In the order of their priorities: the one that catches all packets comes last. */
export async function addRules(before: Marked, { rules }: Lines): Promise<void> {
  for (const family of FAMILIES) {
    const known = before.rules[family].map(formatRule);
    const missing = rules[family].filter((rule) => !known.includes(rule));
    await runBatch(
      missing.map((rule) => `rule add ${rule}`),
      OPTION[family],
    );
  }
}

/** Removes what is not planned, the rule that catches all packets first; all but the rules that name the owner. */
export async function removeLines(before: Marked, plan: Lines): Promise<void> {
  await removeRules(before, plan, false);
  const routes = [...new Set(before.routes.map(describe))].filter((route) => !plan.routes.includes(route));
  await runBatch(routes.map((route) => `route del ${route}`));
}

/** Comes after everything else that the owner has: the next call would not find it without these. */
export function removeOwner(before: Marked, plan: Lines): Promise<void> {
  return removeRules(before, plan, true);
}

async function removeRules(before: Marked, plan: Lines, isOwner: boolean): Promise<void> {
  for (const family of FAMILIES) {
    const rules = before.rules[family].filter(({ priority }) => (priority === PRIORITIES.owner) === isOwner);
    const former = rules.map(formatRule).filter((rule) => !plan.rules[family].includes(rule));
    await runBatch(
      former.reverse().map((rule) => `rule del ${rule}`),
      OPTION[family],
    );
  }
}

/** As the plan has it: `ip` prints a host without its length, and some IPv6 routes twice. */
function describe({ network, ...route }: TableRoute): string {
  return formatRoute({ ...route, network: parseCidr(network).text });
}
