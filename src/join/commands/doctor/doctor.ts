import { printJson, printLines } from '../../../cli/terminal/print.ts';
import { findTerminal } from '../../../cli/terminal/terminal.ts';
import type { Instance, InstanceName } from '../../../core/client/instance.ts';
import { describeError } from '../../../core/values/errors.ts';
import { listInstances, readInstance } from '../../../system/client/store/instances.ts';
import { readState } from '../../daemon/state-file.ts';
import type { Call } from '../call.ts';
import { requireTunnel, SET_UP } from '../existing.ts';
import { account, sudo } from './account.ts';
import { secrets } from './files.ts';
import { type Check, finding, isSound, type Outcome, runCheck, type TunnelCheck } from './finding.ts';
import { gateways, relay } from './gateways.ts';
import { findLeftovers } from './leftovers.ts';
import { clock, programs, wireguard } from './machine.ts';
import { resolver, routes } from './routes.ts';
import { describeOutcomes, renderOutcomes } from './text.ts';
import { lease, refusals, tunnel } from './tunnel.ts';
import { unit } from './unit.ts';

/** From the ground up. */
const MACHINE: readonly Check[] = [programs, wireguard, account, sudo, clock];
const TUNNEL: readonly TunnelCheck[] = [
  ...[secrets, unit, gateways, relay, routes, resolver],
  ...[tunnel, refusals, lease],
];

/** `wgkex-join doctor`: report problems, and what fixes them. False if there are any. */
export async function run({ name, options }: Call<{ readonly json?: boolean }>): Promise<boolean> {
  if (name !== undefined) requireTunnel(name);
  const names = name === undefined ? listInstances() : [name];
  const outcomes = [...(await checkMachine()), ...(await checkTunnels(names))];
  if (options.json) printJson(describeOutcomes(outcomes));
  else printLines(renderOutcomes(outcomes, findTerminal()));
  return outcomes.every(isSound);
}

async function checkMachine(): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const { name, find } of MACHINE) outcomes.push(await runCheck(undefined, name, find));
  outcomes.push(await runCheck(undefined, 'leftovers', () => findLeftovers(listInstances())));
  return outcomes;
}

async function checkTunnels(names: readonly InstanceName[]): Promise<Outcome[]> {
  if (names.length === 0)
    return [{ tunnel: undefined, check: 'tunnels', findings: [finding('no-tunnel', 'no tunnel is set up', SET_UP)] }];
  const outcomes: Outcome[] = [];
  for (const name of names) outcomes.push(...(await checkTunnel(name)));
  return [...outcomes, judgeTogether(readAll())];
}

/** Without root's file there is nothing to compare anything with. */
async function checkTunnel(name: InstanceName): Promise<Outcome[]> {
  const instance = readOne(name);
  if (instance instanceof Error)
    return [{ tunnel: name, check: 'file', findings: [finding('file-unusable', instance.message)] }];
  const outcomes: Outcome[] = [{ tunnel: name, check: 'file', findings: [] }];
  for (const { name: check, find } of TUNNEL)
    outcomes.push(await runCheck(name, check, async () => find({ name, instance, state: readState(name) })));
  return outcomes;
}

/** Only one tunnel can take all traffic. */
function judgeTogether(instances: readonly Instance[]): Outcome {
  const takers = instances.filter(({ traffic }) => traffic === 'all').map(({ name }) => name);
  const problem = `${takers.join(' and ')} both have all_traffic, which only one tunnel can have at a time`;
  const isTwice = takers.length > 1;
  const remedy = `wgkex-join ${takers.at(-1)} --no-all-traffic`;
  return { tunnel: undefined, check: 'together', findings: isTwice ? [finding('traffic-twice', problem, remedy)] : [] };
}

function readAll(): Instance[] {
  return listInstances().flatMap((name) => {
    const instance = readOne(name);
    return instance instanceof Error ? [] : [instance];
  });
}

function readOne(name: InstanceName): Instance | Error {
  try {
    return readInstance(name);
  } catch (error) {
    return error instanceof Error ? error : new Error(describeError(error));
  }
}
