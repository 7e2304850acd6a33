import { isMesh, type MeshConfig } from '../../config/config.ts';
import { findMeshPort, listMeshes } from '../../core/host/mesh-port.ts';
import type { LinkDetails } from '../../core/host/tunnel-links.ts';
import { describeError } from '../../core/values/errors.ts';
import { findAge } from '../../core/values/time.ts';
import { countOtherGateways, isBatctlThere, servesDhcp } from '../../system/host/batctl.ts';
import { readLinkDetails } from '../../system/host/tunnel.ts';
import { type Concern, type Fault, fault } from '../gateway/concern.ts';
import type { DomainReading } from '../gateway/domain.ts';
import { type DomainMesh, findRouterMesh, readDomainMesh } from '../gateway/mesh.ts';
import { readDomains } from '../gateway/peers.ts';
import { count } from '../terminal/words.ts';
import { type Check, concern, isRoot, NEEDS_ROOT, NotChecked } from './check.ts';

type Links = ReadonlyMap<string, LinkDetails>;

/** A router that has just registered may still be starting. */
const SETTLE_SECONDS = 60;

/** Only for a machine where batman-adv is in use. */
export const mesh: Check = {
  name: 'mesh',
  async find({ domains: all, config }) {
    if (!isRoot()) return NEEDS_ROOT;
    const domains = all.filter(isMesh);
    const links = await readLinkDetails();
    const outside = domains.flatMap((domain) => judgePlace(domain, domains, links));
    if (!isBatctlThere()) return outside.length > 0 ? outside : new NotChecked('there is no batctl');
    const { readings } = await readDomains(domains, config);
    const inside = await Promise.all(readings.map((reading) => judgeDomain(reading, links)));
    return [...outside, ...inside.flat()];
  },
};

/** Whether batman-adv is in use on this machine. */
export async function isMeshInUse(): Promise<boolean> {
  return readLinkDetails().then(
    (links) => listMeshes(links).length > 0,
    () => false,
  );
}

/** The interfaces check reports a VXLAN that is missing. */
export function judgePlace({ name, vxlan }: MeshConfig, domains: readonly MeshConfig[], links: Links): Concern[] {
  if (!links.has(vxlan) || findMeshPort(vxlan, links) !== undefined) return [];
  // Each domain has a mesh of its own.
  const taken = domains.map((domain) => findMeshPort(domain.vxlan, links)?.mesh);
  const free = listMeshes(links).filter((one) => !taken.includes(one));
  const remedy = free.length === 1 ? `batctl meshif ${free[0]} interface add ${vxlan}` : undefined;
  return [{ domain: name, ...fault('vxlan-outside-mesh', `${vxlan} is not in a mesh of batman-adv`, remedy) }];
}

async function judgeDomain(reading: DomainReading, links: Links): Promise<Concern[]> {
  const { domain } = reading;
  try {
    const found = isMesh(domain) ? await readDomainMesh(domain, links) : undefined;
    if (found === undefined) return [];
    const others = found.gatewayMode === 'server' ? 0 : await countOtherGateways(found.mesh);
    const faults = [
      ...judgeGatewayMode(found, { others, servesDhcp: servesDhcp() }),
      ...judgeNeighbours(reading, found),
    ];
    return faults.map((one) => ({ domain: domain.name, ...one }));
  } catch (error) {
    return [{ ...concern('mesh-unreadable', describeError(error)), domain: domain.name }];
  }
}

interface Evidence {
  /** How many other gateways the mesh knows. */
  readonly others: number;
  readonly servesDhcp: boolean;
}

/** Routers in client mode send DHCP only to a gateway that announces itself. */
export function judgeGatewayMode({ mesh: name, gatewayMode }: DomainMesh, { others, servesDhcp }: Evidence): Fault[] {
  if (gatewayMode === 'server' || (others === 0 && !servesDhcp)) return [];
  const reasons = [
    ...(others > 0 ? [count(others, 'other gateway does', 'other gateways do')] : []),
    ...(servesDhcp ? ['a DHCP server runs here'] : []),
  ];
  const problem = `${name} does not announce a gateway (gw_mode ${gatewayMode}), but ${reasons.join(' and ')}`;
  return [fault('mesh-gateway-off', problem, `batctl meshif ${name} gw_mode server`)];
}

/** Routers that have everything that they need from wgkex. */
export function judgeNeighbours({ peers, view }: DomainReading, found: DomainMesh): Fault[] {
  const missing = peers.filter((surveyed) => {
    const { peer, state, missingEntries, lacksRoute } = surveyed;
    if (state !== 'alive' || missingEntries.length > 0 || lacksRoute) return false;
    const registration = view.record.registrations.get(peer.key);
    if (registration === undefined || findAge(registration.registeredAt, view.peers.now) < SETTLE_SECONDS) return false;
    return findRouterMesh(surveyed, found).isNeighbour === false;
  });
  if (missing.length === 0) return [];
  const routers = count(missing.length, 'router has a handshake and its', 'routers have a handshake and their');
  const are = missing.length === 1 ? 'is not a neighbour' : 'are not neighbours';
  return [fault('no-neighbour', `${routers} forwarding entries, but ${are} of ${found.mesh} (see wgkex peers --mesh)`)];
}
