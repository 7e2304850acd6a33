import { hasNetworks, type IpAddress, isIpv4, maskNetwork, type Source } from './ip-address.ts';

const HOUSEHOLD_BITS = 56;
const SITE_BITS = { ipv4: 24, ipv6: 48 };
/** Each reading of a crowded domain asks for the same ones. */
const MAX_REMEMBERED = 50_000;

/** What one customer has, as far as an address tells: an IPv4 or link-local address, or an IPv6 /56. */
export const deriveHousehold = remembering((address: IpAddress): Source => {
  return (hasNetworks(address) ? maskNetwork(address, HOUSEHOLD_BITS) : address) as Source;
});

/** What one provider's neighbourhood or one company has: the IPv4 /24 or the IPv6 /48 around a household. */
export const deriveSite = remembering((household: Source): Source => {
  const address = household.replace(/\/.*$/, '') as IpAddress;
  return maskNetwork(address, isIpv4(address) ? SITE_BITS.ipv4 : SITE_BITS.ipv6) as Source;
});

function remembering<From, To>(derive: (from: From) => To): (from: From) => To {
  const known = new Map<From, To>();
  return (from) => {
    const found = known.get(from);
    if (found !== undefined) return found;
    if (known.size >= MAX_REMEMBERED) known.clear();
    const made = derive(from);
    known.set(from, made);
    return made;
  };
}
