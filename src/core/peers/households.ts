import { hasNetworks, type IpAddress, isIpv4, maskNetwork, type Source } from '../values/ip-address.ts';
import { remembering } from '../values/remembering.ts';

const HOUSEHOLD_BITS = 56;
const SITE_BITS = { ipv4: 24, ipv6: 48 };
/** Each reading of a crowded domain asks for the same ones. */
const MAX_REMEMBERED = 50_000;

/**
 * Stands for all routers whose keys came by a topic of freifunkMUC's broker, which does not say where they are. It is
 * within the discard-only prefix (RFC 6666), from which no router connects.
 */
export const BROADCAST_SOURCE = '100::/56' as Source;

/** One customer, as far as an address tells: an IPv4 or link-local address, or an IPv6 /56. */
export const deriveHousehold = remembering(MAX_REMEMBERED, (address: IpAddress): Source => {
  return (hasNetworks(address) ? maskNetwork(address, HOUSEHOLD_BITS) : address) as Source;
});

/** One provider's neighbourhood or one company: the IPv4 /24 or the IPv6 /48 around a household. */
export const deriveSite = remembering(MAX_REMEMBERED, (household: Source): Source => {
  const address = household.replace(/\/.*$/, '') as IpAddress;
  if (!isIpv4(address) && !hasNetworks(address)) return household;
  return maskNetwork(address, isIpv4(address) ? SITE_BITS.ipv4 : SITE_BITS.ipv6) as Source;
});
