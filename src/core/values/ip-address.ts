import ip6addr from 'ip6addr';
import { InputError } from './errors.ts';
import { quote } from './quote.ts';
import { remembering } from './remembering.ts';

/** An IP address in the form the kernel prints (RFC 5952); an IPv4-mapped one as IPv4, without a zone. */
export type IpAddress = string & { readonly __brand: 'IpAddress' };

/** The unit that limits apply to: an IPv4 or a link-local address, or an IPv6 network such as `2001:db8::/64`. */
export type Source = string & { readonly __brand: 'Source' };

/** How much of an address a log may show. */
export type AddressDetail = 'full' | 'prefix' | 'none';

interface Network {
  contains(address: IpAddress): boolean;
}

const IPV6_GROUPS = 8;
const IPV6_BITS = 128;
/** A host chooses freely within its /64; a household may have a /56, or a /48 on request. */
const SOURCE_PREFIX_BITS = [64, 56, 48] as const;
const MAPPED = ip6addr.createCIDR('::ffff:0:0/96');
const LINK_LOCAL = /^fe[89ab][0-9a-f]:/;
const UNIQUE_LOCAL = /^f[cd][0-9a-f]{2}:/;
/** As the kernel prints them. Each reading of a domain has thousands of these, and parsing takes time. */
const CANONICAL_LINK_LOCAL = /^fe80::[1-9a-f][0-9a-f]{0,3}(:(0|[1-9a-f][0-9a-f]{0,3})){3}$/;
const SHOWN_IPV4_BITS = 24;
const SHOWN_IPV6_BITS = 48;

/** @throws InputError unless `text` is an IPv4 or IPv6 address, with or without a zone (`%eth0`). */
export function parseIpAddress(text: string): IpAddress {
  if (CANONICAL_LINK_LOCAL.test(text)) return text as IpAddress;
  return understand(text, 'an IP address', () => canonicalise(text.replace(/%.*$/, '')));
}

/**
 * A network contains only addresses of its own family, although the library puts IPv4 into `::/0`. A network within
 * `::ffff:0:0/96` counts as IPv4, like the addresses in it.
 * @throws InputError unless `text` is a network in CIDR notation, e.g. `2001:db8::/32`.
 */
export function parseNetwork(text: string): Network {
  const network = understand(text, 'a network such as "2001:db8::/32"', () => ip6addr.createCIDR(text));
  const isOfIpv4 = MAPPED.contains(network.address());
  return { contains: (address) => isIpv4(address) === isOfIpv4 && network.contains(address) };
}

/** For `Array.sort`, by the address, and then the smaller network first; both in CIDR notation. */
export function compareNetworks(one: string, other: string): number {
  const [first, second] = [spellOutNetwork(one), spellOutNetwork(other)];
  return first < second ? -1 : Number(first > second);
}

/** Sorts as text. A list of 2000 is compared 20,000 times, and parsing takes most of that time. */
const spellOutNetwork = remembering(50_000, (text: string): string => {
  const network = ip6addr.createCIDR(text);
  const address = network.address().toString({ format: 'v6', zeroElide: false, zeroPad: true });
  return `${address}/${String(IPV6_BITS - network.prefixLength('v6')).padStart(3, '0')}`;
});

export function isIpv4(address: IpAddress): boolean {
  return !address.includes(':');
}

/** One host or server, as far as an address tells. */
export function deriveSource(address: IpAddress): Source {
  const [bits] = SOURCE_PREFIX_BITS;
  return (hasNetworks(address) ? maskNetwork(address, bits) : address) as Source;
}

/** The source and the networks around it that also have limits, narrowest first. */
export function deriveSources(address: IpAddress): Source[] {
  if (!hasNetworks(address)) return [deriveSource(address)];
  return SOURCE_PREFIX_BITS.map((bits) => maskNetwork(address, bits) as Source);
}

/** False for IPv4, and for link-local addresses: those of all hosts share one /64. */
export function hasNetworks(address: IpAddress): boolean {
  return !isIpv4(address) && !isLinkLocal(address);
}

/** Whether a canonical address means something on its own interface only. */
export function isLinkLocal(address: string): boolean {
  return LINK_LOCAL.test(address);
}

/** Whether a canonical address can be a gateway's own inside a tunnel: link-local or unique-local (RFC 4193). */
export function isTunnelAddress(address: string): boolean {
  return isLinkLocal(address) || UNIQUE_LOCAL.test(address);
}

/** The address as a log may show it; undefined if it may not. */
export function maskAddress(address: IpAddress | Source, detail: AddressDetail): string | undefined {
  if (detail === 'none') return undefined;
  if (detail === 'full') return address;
  const first = address.replace(/\/.*$/, '') as IpAddress;
  return maskNetwork(first, isIpv4(first) ? SHOWN_IPV4_BITS : SHOWN_IPV6_BITS);
}

/** The network of `bits` around an address, in CIDR notation. */
export function maskNetwork(address: IpAddress, bits: number): string {
  return ip6addr.createCIDR(address, bits).toString();
}

/** ip6addr throws errors of many classes; here every one of them means that the text is wrong. */
function understand<T>(text: string, expected: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new InputError(`Cannot read ${quote(text)}: expected ${expected}`, { cause: error });
  }
}

function canonicalise(text: string): IpAddress {
  const address = ip6addr.parse(text.includes(':') ? spellOutDottedTail(text) : text);
  if (address.kind() === 'ipv4') return address.toString({ format: 'v4' }) as IpAddress;
  const printed = address.toString({ format: 'v6' });
  const hasLoneZero = printed.split(':').filter((group) => group !== '').length === IPV6_GROUPS - 1;
  return (hasLoneZero ? restoreLoneZero(printed) : printed) as IpAddress;
}

/** inet_ntop(3) prints `::192.0.2.1`, which ip6addr does not read, for `::c000:201`. */
function spellOutDottedTail(text: string): string {
  return text.replace(/(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/, (_, ...quad: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = quad.slice(0, 4).map(Number);
    if (Math.max(a, b, c, d) > 255) throw new InputError('a byte of an IPv4 address is too large');
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  });
}

/** ip6addr also shortens a single group of zeros; RFC 5952, 4.2.2, and the kernel do not. */
function restoreLoneZero(printed: string): string {
  return printed.replace(/^::/, '0:').replace(/::$/, ':0').replace('::', ':0:');
}
