import { existsSync, readFileSync } from 'node:fs';
import {
  countGateways,
  type MeshSettings,
  type Neighbour,
  parseMeshSettings,
  parseNeighbours,
} from '../../core/host/batctl.ts';
import { parseUdpPorts } from '../../core/host/udp-ports.ts';
import type { InterfaceName } from '../../core/values/names.ts';
import { PROGRAMS } from '../run/programs.ts';
import { run } from '../run/run.ts';

const DHCP_PORT = 67;

export function isBatctlThere(): boolean {
  return existsSync(PROGRAMS.batctl);
}

/** A mesh interface of batman-adv and all of its neighbours. */
export async function readMesh(mesh: InterfaceName): Promise<MeshSettings & { readonly neighbours: Neighbour[] }> {
  const [settings, neighbours, originators] = await Promise.all(
    ['mesh_json', 'neighbors_json', 'originators_json'].map((query) => ask(mesh, query)),
  );
  return { ...parseMeshSettings(settings ?? ''), neighbours: parseNeighbours(neighbours ?? '', originators ?? '') };
}

/** How many other gateways the mesh knows. */
export async function countOtherGateways(mesh: InterfaceName): Promise<number> {
  return countGateways(await ask(mesh, 'gateways_json'));
}

/** Whether a DHCP server runs on this machine. */
export function servesDhcp(): boolean {
  return parseUdpPorts(readFileSync('/proc/net/udp', 'utf8')).has(DHCP_PORT);
}

function ask(mesh: InterfaceName, query: string): Promise<string> {
  return run('batctl', ['meshif', mesh, query]);
}
