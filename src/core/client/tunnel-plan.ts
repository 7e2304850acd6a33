import { formatRule, type PolicyRule } from '../kernel/rules.ts';
import type { TableRoute } from '../kernel/table-routes.ts';
import { KEEPALIVE_SECONDS, type TunnelSettings } from '../leases/tunnel-config.ts';
import { formatHostPort } from '../values/host-port.ts';
import type { IpAddress } from '../values/ip-address.ts';
import type { PublicKey } from '../values/public-key.ts';
import { deriveInterface, type InstanceName, type Traffic } from './instance.ts';
import { EVERYTHING, type Family, familyOf, parseCidr } from './networks.ts';

/** Marks an interface as made by wgkex-tunnel. */
export const ALIAS = 'wgkex-client';
/** Of all routes and rules that wgkex-tunnel makes (rtnetlink(7)); nobody else in iproute2’s rt_protos has it. */
export const PROTOCOL = 119;
/** Of WireGuard’s own packets, which go past every tunnel. */
export const FWMARK = '0x7767';
export const MAIN_TABLE = 254;
/** Of the one instance that takes all traffic. */
export const ALL_TABLE = 30_567;
/** Of instances for programs that bind to the lease’s address; each has one of these. */
export const PROXY_TABLES = { first: 30_568, last: 30_599 } as const;

/** In the kernel's order. */
export const PRIORITIES = {
  /** Says by its interface whose table it is, also while there is no such interface. */
  owner: 30_560,
  source: 30_561,
  wireguard: 30_562,
  dns: 30_563,
  client: 30_564,
  local: 30_565,
  all: 30_566,
  /** What is bound to another interface, which has no route in the table before. */
  rest: 30_567,
} as const;

/**
 * Routes as wide as these stand for a default route: pairs of halves, and 2000::/3. No local network is as wide, and
 * what is routed by such a route would go past a tunnel that takes all traffic.
 */
export const WIDEST_PREFIX_BITS: Readonly<Record<Family, number>> = { IPv4: 7, IPv6: 6 };

const DNS_PORT = 53;
/** Behind ::/0 and 0.0.0.0/0 through the tunnel: takes over when the interface is gone. */
const BACKSTOP_METRIC = 4096;
/** Higher than those of networks that a machine is connected to: where such a one comes up later it wins. */
const METRIC = 1024;

export interface Tunnel {
  readonly name: InstanceName;
  readonly settings: TunnelSettings;
  readonly endpoint: { readonly address: IpAddress; readonly port: number };
  readonly privateKey: string;
  readonly traffic: Traffic;
}

export interface Means {
  /** Those that the kernel has. */
  readonly families: readonly Family[];
  /** Those of the tunnel that its interface can have: IPv6 may be switched off. */
  readonly carried: readonly Family[];
  /** Where the routes are; {@link MAIN_TABLE} for `routes`. */
  readonly table: number;
  /** Of the user whose own packets go past a tunnel that takes all traffic. */
  readonly uid: number;
}

/** What the kernel should have for one tunnel, as `ip` takes it after the verb. */
export interface TunnelPlan {
  readonly addresses: readonly string[];
  /** Backstops first. */
  readonly routes: readonly string[];
  /** By priority: the last one begins to catch packets. */
  readonly rules: Readonly<Record<Family, readonly string[]>>;
}

export function buildPlan(tunnel: Tunnel, means: Means): TunnelPlan {
  const device = deriveInterface(tunnel.name);
  const { families } = means;
  const rulesOf = (family: Family) => (families.includes(family) ? buildRules(tunnel, family, means) : []);
  return {
    addresses: listAddresses(tunnel.settings, means.carried).map((address) => parseCidr(address).text),
    routes: [
      ...listBackstops(tunnel.traffic, means),
      ...listNetworks(tunnel, means).map((network) => formatRoute({ network, device, metric: METRIC, ...means })),
    ],
    rules: { IPv4: rulesOf('IPv4').map(formatRule), IPv6: rulesOf('IPv6').map(formatRule) },
  };
}

/**
 * The words of `wg` that make the gateway the only peer; the private key is its standard input. A gateway that is one
 * already is removed first: its session would go on for two minutes without a handshake, which alone shows whether the
 * endpoint answers.
 */
export function buildPeerWords(tunnel: Tunnel, carried: readonly Family[], formerKeys: readonly PublicKey[]): string[] {
  const { settings, endpoint } = tunnel;
  const networks = settings.allowedIps.map(parseCidr).filter(({ family }) => carried.includes(family));
  return [
    ...['set', deriveInterface(tunnel.name), 'private-key', '/dev/stdin', 'fwmark', FWMARK],
    ...formerKeys.flatMap((key) => ['peer', key, 'remove']),
    ...['peer', settings.publicKey, 'endpoint', formatHostPort({ host: endpoint.address, port: endpoint.port })],
    ...['persistent-keepalive', `${KEEPALIVE_SECONDS}`, 'allowed-ips', networks.map(({ text }) => text).join(',')],
  ];
}

/** What follows `ip route add` and `ip route del`; equal for equal routes. */
export function formatRoute({ network, device, table, metric }: Omit<TableRoute, 'gateways'>): string {
  const where = device === undefined ? ['unreachable', network] : [network, 'dev', device];
  return [...where, 'table', table, 'proto', PROTOCOL, 'metric', metric].join(' ');
}

/** Without them a packet would leave by the default route of the machine while the interface is gone. */
function listBackstops(traffic: Traffic, { families, carried, table }: Means): string[] {
  const affected = { routes: [], all: families, proxy: carried }[traffic];
  return affected.map((family) => {
    return formatRoute({ network: EVERYTHING[family], device: undefined, table, metric: BACKSTOP_METRIC });
  });
}

/**
 * A tunnel that takes all traffic takes IPv4 in any case, and WireGuard drops what the gateway does not carry: where the
 * reverse path is checked loosely (rp_filter = 2), the kernel would also drop the gateway’s packets if they came from an
 * unreachable address.
 */
function listNetworks({ settings, traffic }: Tunnel, { families, carried }: Means): string[] {
  const routes = settings.allowedIps.map(parseCidr).filter(({ family }) => carried.includes(family));
  const networks = routes.map(({ text }) => text);
  const swallowed = traffic === 'all' && families.includes('IPv4') ? [EVERYTHING.IPv4] : [];
  return [...new Set([...swallowed, ...networks])];
}

function buildRules({ name, settings, traffic }: Tunnel, family: Family, { carried, table, uid }: Means): PolicyRule[] {
  const owner = { priority: PRIORITIES.owner, device: deriveInterface(name), table, protocol: PROTOCOL };
  if (traffic === 'all') return [owner, ...buildCatch(family, uid)];
  const [from] = listAddresses(
    settings,
    carried.filter((one) => one === family),
  );
  if (traffic === 'routes' || from === undefined) return [];
  return [owner, { priority: PRIORITIES.source, from, table, protocol: PROTOCOL }];
}

/**
 * Catches all packets but WireGuard’s own, the client’s, and those to networks that the machine is connected to; questions
 * for names also where they are the client’s or to such a network.
 */
function buildCatch(family: Family, uid: number): PolicyRule[] {
  const [main, all] = [
    { table: MAIN_TABLE, protocol: PROTOCOL },
    { table: ALL_TABLE, protocol: PROTOCOL },
  ];
  return [
    { priority: PRIORITIES.wireguard, mark: FWMARK, ...main },
    { priority: PRIORITIES.dns, transport: 'udp', port: DNS_PORT, ...all },
    { priority: PRIORITIES.dns, transport: 'tcp', port: DNS_PORT, ...all },
    { priority: PRIORITIES.client, uid, ...main },
    { priority: PRIORITIES.local, suppressedBits: WIDEST_PREFIX_BITS[family], ...main },
    { priority: PRIORITIES.all, isNot: true, mark: FWMARK, ...all },
    { priority: PRIORITIES.rest, isNot: true, mark: FWMARK, table: undefined, protocol: PROTOCOL },
  ];
}

function listAddresses({ addresses }: TunnelSettings, families: readonly Family[]): IpAddress[] {
  const all = [addresses.address4, addresses.address6].filter((address) => address !== undefined);
  return all.filter((address) => families.includes(familyOf(address)));
}
