import type { TunnelSettings } from '../leases/tunnel-config.ts';
import type { IpAddress } from '../values/ip-address.ts';
import type { Traffic } from './instance.ts';
import {
  countAddresses,
  FAMILIES,
  type Family,
  isDefaultRoute,
  type Network,
  overlaps,
  parseCidr,
} from './networks.ts';

/** What a machine must not lose to a tunnel. */
export interface Surroundings {
  /** Routes and own addresses, except default routes and what belongs to the tunnel itself. */
  readonly networks: readonly { readonly network: string; readonly device: string }[];
  /** Of default routes. */
  readonly gateways: readonly IpAddress[];
  /** Name servers that are not reached through the tunnel. */
  readonly resolvers: readonly IpAddress[];
}

export interface Around {
  readonly traffic: Traffic;
  /** Where WireGuard sends. */
  readonly endpoint: IpAddress;
  readonly surroundings: Surroundings;
}

/** A network, and what it is: `the route 10.66.0.0/24`. */
interface Named {
  readonly what: string;
  readonly network: Network;
}

/** A /8 and a /32: more than any network of members, less than what matters of the internet. */
const MOST_ADDRESSES: Readonly<Record<Family, bigint>> = { IPv4: 2n ** 24n, IPv6: 2n ** 96n };
/** RFC 8200, 5. */
const LEAST_IPV6_MTU = 1280;
const NEVER: readonly Named[] = [
  name('loopback', '127.0.0.0/8'),
  name('loopback', '::1'),
  name('the unspecified network', '0.0.0.0/8'),
  name('the unspecified address', '::'),
  name('link-local addresses', '169.254.0.0/16'),
  name('link-local addresses', 'fe80::/10'),
  name('multicast', '224.0.0.0/4'),
  name('multicast', 'ff00::/8'),
];

/**
 * Why root does not bring up a tunnel with these settings, which come from a gateway: one line without a full stop, or
 * undefined. The rules are the contract's; the first that is broken counts.
 * @throws InputError if a network or an address cannot be read.
 */
export function findObjection(settings: TunnelSettings, around: Around): string | undefined {
  const routes = settings.allowedIps.map((text) => name('the route', text));
  const own = listOwn(settings).map((address) => name('the address', address));
  const isFree = ({ network }: Named) => around.traffic !== 'routes' && isDefaultRoute(network);
  const limited = routes.filter((route) => !isFree(route));
  const claims = [...own, ...limited];
  return (
    findBadAddresses(settings) ??
    findForbiddenDefault(claims) ??
    findOverlap(claims, [...NEVER, ...listNeighbours(around)]) ??
    findExcess(limited.map(({ network }) => network)) ??
    (around.traffic === 'all' ? findGap(settings, around.surroundings) : undefined)
  );
}

/** The families that a tunnel carries: those of the lease's addresses. */
export function listCarried({ addresses }: TunnelSettings): Family[] {
  return FAMILIES.filter((family) => (family === 'IPv4' ? addresses.address4 : addresses.address6) !== undefined);
}

function listOwn({ addresses: { address4, address6 } }: TunnelSettings): IpAddress[] {
  return [address4, address6].filter((address) => address !== undefined);
}

function findBadAddresses(settings: TunnelSettings): string | undefined {
  if (listOwn(settings).length === 0) return 'there is no address';
  if (settings.addresses.address6 !== undefined && settings.mtu < LEAST_IPV6_MTU)
    return `the MTU ${settings.mtu} is less than the ${LEAST_IPV6_MTU} bytes that IPv6 needs`;
  return undefined;
}

function findForbiddenDefault(claims: readonly Named[]): string | undefined {
  const found = claims.find(({ network }) => isDefaultRoute(network));
  return found && `${found.what} is everything, which needs all_traffic or proxy_only = true in root's file`;
}

function findOverlap(claims: readonly Named[], others: readonly Named[]): string | undefined {
  for (const { what, network } of claims) {
    const other = others.find((one) => overlaps(network, one.network));
    if (other !== undefined) return `${what} overlaps ${other.what}`;
  }
  return undefined;
}

function listNeighbours({ endpoint, surroundings: { networks, gateways, resolvers } }: Around): Named[] {
  return [
    ...gateways.map((address) => name('the default gateway', address)),
    ...resolvers.map((address) => name('the resolver', address)),
    ...networks.map(({ network, device }) => {
      const named = name('the network', network);
      return { ...named, what: `${named.what} of ${device}` };
    }),
    { what: `the endpoint ${endpoint} itself`, network: parseCidr(endpoint) },
  ];
}

function findExcess(networks: readonly Network[]): string | undefined {
  const family = FAMILIES.find((one) => {
    return countAddresses(networks.filter((network) => network.family === one)) > MOST_ADDRESSES[one];
  });
  return family && `the ${family} routes are more than a /${family === 'IPv4' ? 8 : 32} together`;
}

/** Whether all traffic can go through the tunnel, and the questions for names with it. */
function findGap(settings: TunnelSettings, { networks }: Surroundings): string | undefined {
  const carried = listCarried(settings);
  const routes = settings.allowedIps.map(parseCidr).filter(({ family }) => carried.includes(family));
  if (!routes.some(isDefaultRoute)) return 'there is no default route, which all_traffic = true needs';
  if (settings.dns.length === 0) return 'there is no name server, which all_traffic = true needs';
  const servers = settings.dns.map((address) => name('the name server', address));
  const outside = servers.find(({ network }) => !routes.some((route) => overlaps(route, network)));
  if (outside !== undefined) return `${outside.what} is not reached through the tunnel`;
  const local = networks.map(({ network, device }) => ({
    what: `${network} of ${device}`,
    network: parseCidr(network),
  }));
  return findOverlap(servers, [...NEVER, ...local]);
}

function name(what: string, text: string): Named {
  const network = parseCidr(text);
  const isHost = network.first === network.last;
  return { what: `${what} ${isHost ? network.text.replace(/\/.*/, '') : network.text}`, network };
}
