import { InputError } from '../values/errors.ts';
import { type IpAddress, isIpv4, maskNetwork, parseIpAddress, parseNetwork } from '../values/ip-address.ts';
import { quote } from '../values/quote.ts';

/** A network of a pool. Its addresses are numbered from 0, which is the address of the network itself. */
export interface AddressRange {
  /** In CIDR notation. */
  readonly network: string;
  readonly prefixBits: number;
  /** Those of any address of its family. */
  readonly addressBits: number;
  /** The numbers of the first and of the last address that a host may have. */
  readonly first: number;
  readonly last: number;
  format(number: number): IpAddress;
  /** Undefined for an address outside, and for text that is not an address in canonical form. */
  find(address: string): number | undefined;
}

/** The numbers of the first and of the last address that a network has in a range. */
export interface Part {
  readonly first: number;
  readonly last: number;
}

const GROUP_BITS = 16;
const IPV4 = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/;
const IPV6_GROUP = /^[1-9a-f][0-9a-f]{0,3}$/;
const LAST_IPV6_GROUP = /[0-9a-f]*$/;
const NETWORK = /^([0-9a-fA-F.:]+)\/(0|[1-9]\d{0,2})$/;

/** The network of `prefixBits` around an address; an IPv6 one has at least 112. */
export function describeRange(address: IpAddress, prefixBits: number): AddressRange {
  const start = parseIpAddress(maskNetwork(address, prefixBits).replace(/\/.*$/, ''));
  const network = `${start}/${prefixBits}`;
  return isIpv4(start) ? describeIpv4(start, network, prefixBits) : describeIpv6(start, network, prefixBits);
}

/** Whether `network`, as the kernel prints it, is part of a range. */
export function isPartOf(range: AddressRange, network: string): boolean {
  const parts = splitNetwork(network);
  if (parts === undefined || range.find(parts.address) === undefined) return false;
  return parts.prefixBits >= range.prefixBits && parts.prefixBits <= range.addressBits;
}

/**
 * Finds what a range has in common with a network, which may be around it or in it; undefined for a network elsewhere.
 * @throws InputError unless `text` is a network in CIDR notation.
 */
export function findCommonPart(range: AddressRange, text: string): Part | undefined {
  const parts = splitNetwork(text);
  if (parts === undefined) throw new InputError(`Cannot read ${quote(text)}: expected a network`);
  const { address, prefixBits } = parts;
  if (address.includes(':') !== range.network.includes(':')) return undefined;
  const count = 2 ** (range.addressBits - prefixBits);
  if (count >= countAddresses(range) || count < 1)
    return parseNetwork(text).contains(range.format(0)) ? { first: 0, last: countAddresses(range) - 1 } : undefined;
  const number = range.find(address) ?? range.find(parseIpAddress(address));
  if (number === undefined) return undefined;
  const first = number - (number % count);
  return { first, last: first + count - 1 };
}

export function countAddresses({ addressBits, prefixBits }: AddressRange): number {
  return 2 ** (addressBits - prefixBits);
}

/** Neither the address of the network nor the broadcast address is a host's. */
function describeIpv4(start: IpAddress, network: string, prefixBits: number): AddressRange {
  const base = readIpv4(start);
  const size = { prefixBits, addressBits: 32 };
  const count = 2 ** (size.addressBits - prefixBits);
  return {
    ...{ network, ...size, first: 1, last: count - 2 },
    format: (number) => [24, 16, 8, 0].map((shift) => ((base + number) >>> shift) & 0xff).join('.') as IpAddress,
    find: (address) => findWithin(count, readIpv4(address) - base),
  };
}

/**
 * The address of the network is every router's (subnet-router anycast: RFC 4291, 2.6.1). All others differ in their
 * last group alone, which is never zero and so never part of `::`.
 */
function describeIpv6(start: IpAddress, network: string, prefixBits: number): AddressRange {
  const head = parseIpAddress(start.replace(LAST_IPV6_GROUP, '1')).slice(0, -1);
  const base = Number.parseInt(LAST_IPV6_GROUP.exec(start)?.[0] || '0', GROUP_BITS);
  const size = { prefixBits, addressBits: 128 };
  const count = 2 ** (size.addressBits - prefixBits);
  const read = (address: string) => {
    const group = address.startsWith(head) ? address.slice(head.length) : '';
    return IPV6_GROUP.test(group) ? Number.parseInt(group, GROUP_BITS) : Number.NaN;
  };
  return {
    ...{ network, ...size, first: 1, last: count - 1 },
    format: (number) => (number === 0 ? start : (`${head}${(base + number).toString(GROUP_BITS)}` as IpAddress)),
    find: (address) => (address === start ? 0 : findWithin(count, read(address) - base)),
  };
}

function findWithin(count: number, number: number): number | undefined {
  return number >= 0 && number < count ? number : undefined;
}

/** NaN for text that is not an IPv4 address. */
function readIpv4(text: string): number {
  const bytes = IPV4.exec(text)?.slice(1).map(Number) ?? [Number.NaN];
  return bytes.some((byte) => byte > 255) ? Number.NaN : bytes.reduce((sum, byte) => sum * 256 + byte, 0);
}

function splitNetwork(text: string): { readonly address: string; readonly prefixBits: number } | undefined {
  const [, address, prefixBits] = NETWORK.exec(text) ?? [];
  return address === undefined ? undefined : { address, prefixBits: Number(prefixBits) };
}
