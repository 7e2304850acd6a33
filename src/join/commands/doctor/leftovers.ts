import { HELPER } from '../../../core/client/installation.ts';
import { deriveInterface, type InstanceName } from '../../../core/client/instance.ts';
import { ALIAS } from '../../../core/client/tunnel-plan.ts';
import { readLinks } from '../../../system/client/device.ts';
import { type Marked, readMarked } from '../../../system/client/marked.ts';
import { readState } from '../../daemon/state-file.ts';
import { type Finding, finding } from './finding.ts';

/** Of an interface, or of one whose making was interrupted: `wg-members`, `wg+members`. */
const OUR_INTERFACE = /^wg[-+]([a-z0-9][a-z0-9_-]*)$/;

/** The names of tunnels of which something is in the kernel. */
async function readTraces(): Promise<string[]> {
  const [links, marked] = await Promise.all([readLinks(), readMarked()]);
  const interfaces = [...links].flatMap(([name, { alias }]) => (alias === ALIAS ? [name] : []));
  return listTraces(interfaces, marked);
}

/** From our interfaces, and from the rules and routes with our protocol. */
export function listTraces(interfaces: readonly string[], { rules, routes }: Marked): string[] {
  const devices = [...rules.IPv4, ...rules.IPv6, ...routes].map(({ device }) => device);
  const names = [...interfaces, ...devices].map((device) => OUR_INTERFACE.exec(device ?? '')?.[1]);
  return [...new Set(names.filter((name) => name !== undefined))].sort();
}

interface Tunnels {
  readonly known: readonly InstanceName[];
  /** Whether wgkex-join runs for it. */
  isServed(name: InstanceName): boolean;
}

/** What belongs to no tunnel: wgkex-join was killed, or root's file was removed by hand. */
export function judgeTraces(traces: readonly string[], { known, isServed }: Tunnels): Finding[] {
  return traces.flatMap((trace) => {
    const name = known.find((one) => one === trace);
    if (name === undefined)
      return [finding('tunnel-leftover', `there is something left of a tunnel ${trace}`, `${HELPER} --down ${trace}`)];
    const problem = `${deriveInterface(name)} is there, but wgkex-join does not run for it`;
    return isServed(name) ? [] : [finding('tunnel-leftover', problem, `wgkex-join down ${name}`)];
  });
}

export async function findLeftovers(known: readonly InstanceName[]): Promise<Finding[]> {
  return judgeTraces(await readTraces(), { known, isServed: (name) => readState(name) !== undefined });
}
