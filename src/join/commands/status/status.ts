import { printJson, printLines } from '../../../cli/terminal/print.ts';
import { findTerminal } from '../../../cli/terminal/terminal.ts';
import { InputError } from '../../../core/values/errors.ts';
import { listInstances } from '../../../system/client/store/instances.ts';
import type { Call } from '../call.ts';
import { requireTunnel, SET_UP } from '../existing.ts';
import { areUp, describeStandings } from './json.ts';
import { readStanding } from './standing.ts';
import { renderStanding, renderStandings } from './text.ts';

/** `wgkex-join status`: how one tunnel is, or all of them. False unless they are up. */
export async function run({ name, options }: Call<{ readonly json?: boolean }>): Promise<boolean> {
  if (name !== undefined) requireTunnel(name);
  const names = name === undefined ? listInstances() : [name];
  if (names.length === 0 && !options.json) throw new InputError(`No tunnel is set up; set one up with: ${SET_UP}`);
  const now = Date.now() / 1000;
  const standings = await Promise.all(names.map((one) => readStanding(one, now)));
  const [only] = standings;
  if (options.json) printJson(describeStandings(standings, now));
  else if (name !== undefined && only !== undefined) printLines(renderStanding(only, now, findTerminal()));
  else printLines(renderStandings(standings, now, findTerminal()));
  return areUp(standings);
}
