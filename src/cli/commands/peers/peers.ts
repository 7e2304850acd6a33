import type { PeerOrder } from '../../../core/operator/peer-order.ts';
import { findDomains, readConfiguration } from '../../gateway/configuration.ts';
import { findRouterMesh, readMeshes } from '../../gateway/mesh.ts';
import { type FilterOptions, listPeers, readDomains } from '../../gateway/peers.ts';
import type { Call, CommonOptions } from '../../terminal/call.ts';
import { complain, printJson, printLines } from '../../terminal/print.ts';
import { findTerminal } from '../../terminal/terminal.ts';
import { describeMeshedPeer } from '../../views/mesh.ts';
import { describePeer } from '../../views/peer-json.ts';
import { type DomainPeers, renderMesh, renderPeers } from '../../views/peers.ts';

interface Options extends FilterOptions {
  readonly sort: PeerOrder;
  readonly mesh?: boolean;
}

/** `wgkex peers`: a line for each peer. False if a domain cannot be read. */
export async function run({ args: [name], options }: Call<Options>): Promise<boolean> {
  const config = readConfiguration(options.config);
  const { readings, complaints, warnings } = await readDomains(findDomains(config, options.config, name), config);
  for (const complaint of [...complaints, ...warnings]) complain(complaint);
  if (readings.length === 0) return false;
  const domains = readings.map((reading) => ({ reading, listed: listPeers(reading, options, options.sort) }));
  if (options.mesh) return (await showMesh(domains, options)) && complaints.length === 0;
  if (options.json) printJson({ peers: domains.flatMap(({ listed }) => listed.map(describePeer)) });
  else printLines(renderPeers(domains, findTerminal()));
  return complaints.length === 0;
}

/** False if the mesh of a domain cannot be read. */
async function showMesh(domains: readonly DomainPeers[], { json }: CommonOptions): Promise<boolean> {
  const { meshes, complaints } = await readMeshes(domains.map(({ reading }) => reading.domain));
  for (const complaint of complaints) complain(complaint);
  const meshed = domains.map(({ reading, listed }) => {
    const mesh = meshes.get(reading.domain.name);
    return { reading, listed: listed.map((one) => ({ ...one, mesh: mesh && findRouterMesh(one, mesh) })) };
  });
  if (json) printJson({ peers: meshed.flatMap(({ listed }) => listed.map(describeMeshedPeer)) });
  else printLines(renderMesh(meshed, findTerminal()));
  return complaints.length === 0;
}
