import { type InterfaceName, isInterfaceName } from '../values/names.ts';
import type { LinkDetails } from './tunnel-links.ts';

/** Where an interface is part of a mesh of batman-adv. */
export interface MeshPort {
  readonly mesh: InterfaceName;
  /** The interface itself, or the bridge that it is in. */
  readonly port: string;
}

type Links = ReadonlyMap<string, LinkDetails>;

/** The mesh interfaces of batman-adv. */
export function listMeshes(links: Links): InterfaceName[] {
  const meshes = [...links.values()].filter(({ kind }) => kind === 'batadv');
  return meshes.map(({ name }) => name).filter(isInterfaceName);
}

/** Undefined if the interface is not in a mesh. An interface in a mesh, or in a bridge, has that as its master. */
export function findMeshPort(name: string, links: Links): MeshPort | undefined {
  const master = links.get(links.get(name)?.master ?? '');
  if (master === undefined) return undefined;
  if (master.kind === 'batadv') return isInterfaceName(master.name) ? { mesh: master.name, port: name } : undefined;
  return master.kind === 'bridge' ? findMeshPort(master.name, links) : undefined;
}
