import { formatDuration } from '../../core/values/duration.ts';
import type { RouterMesh } from '../gateway/mesh.ts';
import type { ListedPeer } from '../gateway/peers.ts';
import type { Column } from '../terminal/table.ts';
import { describePeer } from './peer-json.ts';

/** A peer and its router in the mesh; undefined if the mesh of the domain is not known. */
export interface MeshedPeer extends ListedPeer {
  readonly mesh: RouterMesh | undefined;
}

const HIGHEST_TQ = 255;
const KBITS = 1000;
const UNKNOWN = '-';

/** The quality of the link to the router. */
export const MESH: Column<MeshedPeer> = {
  title: 'MESH',
  forms: [({ mesh }) => (mesh?.isNeighbour === false ? 'no' : (describeQuality(mesh) ?? UNKNOWN))],
  align: 'right',
  style: ({ mesh, state }) => {
    if (mesh?.isNeighbour) return 'good';
    return mesh?.isNeighbour === false && state === 'alive' ? 'bad' : 'faint';
  },
};

/** When the router was last seen in the mesh. */
export const SEEN: Column<MeshedPeer> = {
  title: 'SEEN',
  forms: [
    ({ mesh }) => (mesh?.neighbour === undefined ? UNKNOWN : `${formatDuration(mesh.neighbour.silentSeconds)} ago`),
    ({ mesh }) => (mesh?.neighbour === undefined ? UNKNOWN : formatDuration(mesh.neighbour.silentSeconds)),
  ],
  align: 'right',
};

/** Undefined if it is not known: a new neighbour has no link quality yet. */
function describeQuality(router: RouterMesh | undefined): string | undefined {
  const { tq, throughput } = router?.neighbour ?? {};
  if (throughput !== undefined) return `${formatMbits(throughput)} Mbit/s`;
  return tq === undefined ? undefined : `TQ ${tq}`;
}

/** In a sentence. */
export function describeRouterMesh(router: RouterMesh): string {
  const { mesh, vxlan } = router.mesh;
  if (router.isNeighbour === undefined) return `not known: ${vxlan} does not learn which router has which MAC address`;
  if (router.neighbour === undefined) return `not a neighbour of ${mesh}; ${describeLearned(router)}`;
  const { mac, tq, silentSeconds } = router.neighbour;
  const quality = describeQuality(router) ?? 'link quality not known yet';
  const scale = tq === undefined ? '' : ` of ${HIGHEST_TQ}`;
  return `neighbour ${mac} of ${mesh}, ${quality}${scale}, seen ${formatDuration(silentSeconds)} ago`;
}

function describeLearned({ learnedMacs, mesh: { vxlan } }: RouterMesh): string {
  if (learnedMacs.length === 0) return `${vxlan} has not received a frame from it`;
  return `${vxlan} has learned ${learnedMacs.join(', ')} from it`;
}

/** One decimal place below ten. */
function formatMbits(kbits: number): string {
  const mbits = kbits / KBITS;
  return mbits < 9.95 ? mbits.toFixed(1) : String(Math.round(mbits));
}

/** A peer in the documents of `peers --mesh` and `show`; its shape is fixed in wgkex(8). */
export function describeMeshedPeer(peer: MeshedPeer): object {
  return { ...describePeer(peer), mesh: describeMesh(peer.mesh) };
}

function describeMesh(router: RouterMesh | undefined): object | null {
  if (router === undefined) return null;
  const { mesh, isNeighbour, neighbour, learnedMacs } = router;
  return {
    interface: mesh.mesh,
    algorithm: mesh.algorithm,
    neighbour: isNeighbour ?? null,
    mac: neighbour?.mac ?? null,
    tq: neighbour?.tq ?? null,
    throughput_kbits: neighbour?.throughput ?? null,
    last_seen: neighbour === undefined ? null : Math.floor(mesh.at - neighbour.silentSeconds),
    learned_macs: learnedMacs,
  };
}
