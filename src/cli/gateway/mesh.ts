import { type DomainConfig, isMesh, type MeshConfig } from '../../config/config.ts';
import type { SurveyedPeer } from '../../core/changes/survey.ts';
import type { MeshSettings, Neighbour } from '../../core/host/batctl.ts';
import { findMeshPort, type MeshPort } from '../../core/host/mesh-port.ts';
import type { LinkDetails } from '../../core/host/tunnel-links.ts';
import type { KnownMac } from '../../core/kernel/fdb.ts';
import type { MacAddress } from '../../core/values/derived-address.ts';
import { describeError } from '../../core/values/errors.ts';
import type { DomainName, InterfaceName } from '../../core/values/names.ts';
import type { UnixSeconds } from '../../core/values/time.ts';
import { isBatctlThere, readMesh } from '../../system/host/batctl.ts';
import { readLinkDetails } from '../../system/host/tunnel.ts';
import { readKnownMacs } from '../../system/kernel/fdb.ts';
import { PROGRAMS } from '../../system/run/programs.ts';

/** A domain's part of a mesh of batman-adv. */
export interface DomainMesh extends MeshPort, MeshSettings {
  readonly vxlan: InterfaceName;
  readonly at: UnixSeconds;
  /** Those behind the VXLAN interface of the domain. */
  readonly neighbours: ReadonlyMap<MacAddress, Neighbour>;
  /** The MAC addresses that the VXLAN interface knows at each address of a router. */
  readonly macs: ReadonlyMap<string, readonly KnownMac[]>;
  /** If it does not learn, routers may have MAC addresses that it does not know. */
  readonly isLearning: boolean;
}

/** A router in the mesh. */
export interface RouterMesh {
  readonly mesh: DomainMesh;
  /** Those that the VXLAN interface has learned. */
  readonly learnedMacs: readonly MacAddress[];
  readonly neighbour: Neighbour | undefined;
  /** Undefined if it cannot be told. */
  readonly isNeighbour: boolean | undefined;
}

/** Undefined if the domain is not in a mesh, or if batctl is not there. @throws Error if batctl fails. */
export async function readDomainMesh(
  { vxlan }: MeshConfig,
  links: ReadonlyMap<string, LinkDetails>,
): Promise<DomainMesh | undefined> {
  const place = findMeshPort(vxlan, links);
  if (place === undefined || !isBatctlThere()) return undefined;
  const [{ neighbours, ...settings }, macs] = await Promise.all([readMesh(place.mesh), readKnownMacs(vxlan)]);
  const behind = neighbours.filter(({ port }) => port === place.port);
  return {
    ...place,
    vxlan,
    ...settings,
    at: Date.now() / 1000,
    neighbours: new Map(behind.map((one) => [one.mac, one])),
    macs,
    isLearning: links.get(vxlan)?.vxlan?.isLearning === true,
  };
}

interface Meshes {
  readonly meshes: ReadonlyMap<DomainName, DomainMesh>;
  /** A line for each domain whose mesh cannot be read, or one for all. */
  readonly complaints: readonly string[];
}

/** Reads the meshes of domains at once; without batctl nothing is run. */
export async function readMeshes(all: readonly DomainConfig[]): Promise<Meshes> {
  const domains = all.filter(isMesh);
  if (!isBatctlThere())
    return { meshes: new Map(), complaints: [`Cannot read the mesh: there is no ${PROGRAMS.batctl}`] };
  const links = await readLinkDetails();
  const results = await Promise.all(
    domains.map((domain) => readDomainMesh(domain, links).catch((error: unknown) => describeError(error))),
  );
  const found = results.map((result, index) => ({ result, domain: domains[index] as MeshConfig }));
  return {
    meshes: new Map(found.flatMap(({ result, domain }) => (typeof result === 'object' ? [[domain.name, result]] : []))),
    complaints: found.flatMap(({ result, domain: { name, vxlan } }) => {
      if (result === undefined) return [`${name}: ${vxlan} is not in a mesh of batman-adv`];
      return typeof result === 'string' ? [`${name}: ${result}`] : [];
    }),
  };
}

/** The router of a peer in the mesh of its domain. */
export function findRouterMesh({ peer }: Pick<SurveyedPeer, 'peer'>, mesh: DomainMesh): RouterMesh {
  const known = peer.allowedIps.flatMap((network) => mesh.macs.get(network.replace(/\/128$/, '')) ?? []);
  const neighbours = known.flatMap(({ mac }) => mesh.neighbours.get(mac) ?? []);
  const [neighbour] = neighbours.sort((one, other) => one.silentSeconds - other.silentSeconds);
  const isNeighbour = neighbour !== undefined || (mesh.isLearning ? false : undefined);
  const learnedMacs = known.flatMap(({ mac, isLearned }) => (isLearned ? [mac] : []));
  return { mesh, learnedMacs, neighbour, isNeighbour };
}
