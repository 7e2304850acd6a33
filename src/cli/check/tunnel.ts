import { type DomainConfig, isMesh, type MeshConfig } from '../../config/config.ts';
import type { LinkDetails } from '../../core/host/tunnel-links.ts';
import { type IpAddress, isIpv4, parseNetwork } from '../../core/values/ip-address.ts';
import type { InterfaceName } from '../../core/values/names.ts';
import type { Ipv6Switch } from '../../system/host/tunnel.ts';
import { type Concern, type Fault, fault } from '../gateway/concern.ts';
import type { ConcernCode } from '../gateway/concern-codes.ts';
import { HarmlessRemedy } from '../gateway/harmless.ts';

/** The two interfaces of a domain; undefined if there is no interface of that name. */
export interface Tunnel {
  readonly wireguard: LinkDetails | undefined;
  readonly vxlan: LinkDetails | undefined;
  /** Whether the first one really speaks WireGuard, and has a key; undefined if only root can know. */
  readonly speaks: 'wireguard' | 'keyless' | 'nothing' | undefined;
  /** Of the WireGuard interface. */
  readonly ipv6: Ipv6Switch;
  /** Of the WireGuard interface. */
  readonly addresses: readonly IpAddress[];
  /** Whether link-local packets leave through the WireGuard interface. */
  readonly isRouted: boolean;
}

/** VXLAN over IPv6: IPv6 40, UDP 8, VXLAN 8, inner Ethernet 14. */
const VXLAN_BYTES = 70;
/** RFC 8200, 5: with a smaller MTU the kernel disables IPv6 on an interface. */
const IPV6_BYTES = 1280;

/** Checks that depend on something faulty are skipped. */
export function judgeTunnel(tunnel: Tunnel, domain: DomainConfig): Concern[] {
  const ground = judgeWireguard(tunnel, domain);
  const rest = isMesh(domain)
    ? [...judgeRoute(tunnel, domain), ...judgeVxlan(tunnel, domain)]
    : judgePool(tunnel, domain);
  const faults = ground.length > 0 ? ground : rest;
  return faults.map((fault) => ({ domain: domain.name, ...fault }));
}

function judgeWireguard({ wireguard: link, speaks, ipv6 }: Tunnel, domain: DomainConfig): Fault[] {
  const { wireguard: name } = domain;
  if (link === undefined)
    return [fault('wireguard-missing', `WireGuard interface ${name} does not exist`, remake(name))];
  const isPossible = link.kind === 'wireguard' || link.kind === 'tun';
  if (!isPossible || speaks === 'nothing')
    return [fault('wireguard-kind', describeOther(link, 'WireGuard'), remake(name))];
  const setKey = `wg set ${name} private-key /etc/wireguard/${name}.key`;
  const keyless = fault('wireguard-keyless', `${name} has no private key`, setKey);
  return [
    ...judgeUp(link, 'wireguard-down', 'WireGuard'),
    ...(speaks === 'keyless' ? [keyless] : []),
    ...(needsIpv6(domain) ? judgeIpv6(name, link.mtu, ipv6) : []),
  ];
}

function needsIpv6({ leased }: DomainConfig): boolean {
  return leased === undefined || leased.pool.family6 !== undefined;
}

/** Members reach the gateway, and the kernel knows the way to them, by an address of its own in each network. */
function judgePool({ addresses }: Tunnel, { wireguard, leased }: DomainConfig): Fault[] {
  const { networks = [] } = leased?.pool ?? {};
  return networks
    .filter((network) => !addresses.some((address) => parseNetwork(network).contains(address)))
    .map((network) => fault('pool-no-address', `${wireguard} has no address in ${network}, a network of the pool`));
}

/** Without IPv6 the interface can have neither an address nor a route. */
function judgeIpv6(name: InterfaceName, mtu: number, ipv6: Ipv6Switch): Fault[] {
  if (ipv6 === 'none') return [fault('ipv6-none', 'this kernel was started without IPv6 (ipv6.disable=1)')];
  if (mtu < IPV6_BYTES)
    return [
      fault(
        'ipv6-mtu',
        `the MTU of ${name} is ${mtu}, but IPv6 needs ${IPV6_BYTES}`,
        `ip link set ${name} mtu ${IPV6_BYTES}`,
      ),
    ];
  if (ipv6 === 'on') return [];
  return [fault('ipv6-off', `IPv6 is switched off on ${name} (disable_ipv6)`, HarmlessRemedy.switchIpv6On(name))];
}

/** Without this route a derived address is unreachable, unless there are host routes. */
function judgeRoute({ isRouted }: Tunnel, { wireguard, route }: DomainConfig): Fault[] {
  if (isRouted || route) return [];
  const remedy = `ip -6 route add fe80::/64 dev ${wireguard}`;
  return [fault('link-route-missing', `no route to fe80::/64 through ${wireguard}`, remedy)];
}

function judgeVxlan(tunnel: Tunnel, domain: MeshConfig): Fault[] {
  const { vxlan: link, wireguard } = tunnel;
  const name = domain.vxlan;
  if (link === undefined)
    return [fault('vxlan-missing', `VXLAN interface ${name} does not exist`, remake(domain.wireguard))];
  if (link.vxlan === undefined) return [fault('vxlan-kind', describeOther(link, 'VXLAN'), remake(domain.wireguard))];
  const { mtu = 0 } = wireguard ?? {};
  const fitting = mtu - VXLAN_BYTES;
  const tooLarge = fault(
    'vxlan-mtu',
    `the MTU of ${name} is ${link.mtu}, expected at most ${fitting}`,
    `ip link set ${name} mtu ${fitting}`,
  );
  return [
    ...judgeUp(link, 'vxlan-down', 'VXLAN'),
    ...judgeLowerLink(link.vxlan.link, domain),
    ...judgeLocal(link.vxlan.local, tunnel, domain),
    ...(link.mtu > fitting ? [tooLarge] : []),
    ...judgeLearning(link.vxlan.isLearning, domain),
  ];
}

function judgeLowerLink(lower: string | undefined, { vxlan, wireguard }: MeshConfig): Fault[] {
  if (lower === wireguard) return [];
  const where = lower === undefined ? 'on top of no interface' : `on top of ${lower}`;
  const remedy = `ip link set ${vxlan} type vxlan dev ${wireguard}`;
  return [fault('vxlan-link', `${vxlan} is ${where}, expected ${wireguard}`, remedy)];
}

function judgeLocal(local: IpAddress | undefined, { addresses }: Tunnel, { vxlan, wireguard }: MeshConfig): Fault[] {
  if (local === undefined || isIpv4(local))
    return [fault('vxlan-no-address', `${vxlan} has no local IPv6 address`, remake(wireguard))];
  if (addresses.includes(local)) return [];
  const problem = `${vxlan} sends from ${local}, which ${wireguard} does not have`;
  return [fault('vxlan-address', problem, `ip address add ${local}/64 dev ${wireguard}`)];
}

/**
 * A VXLAN that does not learn needs an entry for the MAC address of each router. The entries of "unicast" are for the
 * derived MAC address. The kernel cannot tell which MAC address the firmware uses for its VXLAN. If it is the derived
 * one, learning does no harm, as a learned entry never replaces a permanent one.
 */
function judgeLearning(isLearning: boolean, { vxlan, fdb }: MeshConfig): Fault[] {
  if (isLearning) return [];
  const reason = fdb.includes('unicast')
    ? ' unless their VXLAN has the derived MAC address, which no known firmware uses'
    : ', as fdb lacks "unicast"';
  const problem = `${vxlan} does not learn (nolearning): it sends every frame to all routers${reason}`;
  return [fault('vxlan-nolearning', problem, `ip link set ${vxlan} type vxlan learning`)];
}

function judgeUp({ name, isUp }: LinkDetails, code: ConcernCode, role: string): Fault[] {
  return isUp ? [] : [fault(code, `${role} interface ${name} is down`, `ip link set ${name} up`)];
}

function describeOther({ name, kind }: LinkDetails, role: string): string {
  return `${name} is not a ${role} interface${kind === undefined ? '' : ` but a ${kind}`}`;
}

/** wg-quick(8) creates both interfaces of a domain. */
function remake(wireguard: string): string {
  return `systemctl restart wg-quick@${wireguard}`;
}
