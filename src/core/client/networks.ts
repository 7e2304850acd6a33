import { InputError } from '../values/errors.ts';
import { type IpAddress, isIpv4, parseIpAddress } from '../values/ip-address.ts';
import { quote } from '../values/quote.ts';

export const FAMILIES = ['IPv4', 'IPv6'] as const;
export type Family = (typeof FAMILIES)[number];

export const EVERYTHING = { IPv4: '0.0.0.0/0', IPv6: '::/0' } as const satisfies Record<Family, string>;

/** All addresses from `first` to `last`. */
export interface Network {
  /** In CIDR notation, as ip(8) prints it; a host has its length, too. */
  readonly text: string;
  readonly family: Family;
  readonly prefixBits: number;
  readonly first: bigint;
  readonly last: bigint;
}

const BITS = { IPv4: 32, IPv6: 128 } as const;
/** How an address is written. */
const PARTS = {
  IPv4: { count: 4, bits: 8, base: 10, separator: '.' },
  IPv6: { count: 8, bits: 16, base: 16, separator: ':' },
} as const;
const NETWORK = /^([0-9a-fA-F.:]{1,45})(?:\/(0|[1-9]\d{0,2}))?$/;

/** Parses `10.66.0.0/24`, `fd66::/112`, or the address of a host; bits after the prefix do not count. @throws InputError */
export function parseCidr(text: string): Network {
  const [, host, length] = NETWORK.exec(text) ?? [];
  if (host === undefined) throw new InputError(`Cannot read ${quote(text)}: expected a network`);
  const address = parseIpAddress(host);
  const family = familyOf(address);
  const prefixBits = length === undefined ? BITS[family] : Number(length);
  if (prefixBits > BITS[family]) throw new InputError(`Cannot read ${quote(text)}: expected a network`);
  const hostBits = BigInt(BITS[family] - prefixBits);
  const first = (toNumber(address) >> hostBits) << hostBits;
  const last = first + (1n << hostBits) - 1n;
  return { text: `${toAddress(first, family)}/${prefixBits}`, family, prefixBits, first, last };
}

export function familyOf(address: IpAddress): Family {
  return isIpv4(address) ? 'IPv4' : 'IPv6';
}

/** Of two networks that overlap one is part of the other. */
export function overlaps(one: Network, other: Network): boolean {
  return one.family === other.family && one.first <= other.last && other.first <= one.last;
}

export function isDefaultRoute({ prefixBits }: Network): boolean {
  return prefixBits === 0;
}

/** How many addresses networks have together; an address in two of them counts once. */
export function countAddresses(networks: readonly Network[]): bigint {
  const widestFirst = [...networks].sort((one, other) => one.prefixBits - other.prefixBits);
  const apart: Network[] = [];
  for (const network of widestFirst) if (!apart.some((wider) => overlaps(wider, network))) apart.push(network);
  return apart.reduce((sum, { first, last }) => sum + last - first + 1n, 0n);
}

function toNumber(address: IpAddress): bigint {
  if (isIpv4(address)) return address.split('.').reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  const [head = '', tail] = address.split('::');
  const [before, after] = [splitGroups(head), splitGroups(tail ?? '')];
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  return [...before, ...zeros, ...after].reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n);
}

function splitGroups(text: string): string[] {
  return text === '' ? [] : text.split(':');
}

function toAddress(number: bigint, family: Family): IpAddress {
  const { count, bits, base, separator } = PARTS[family];
  const parts = Array.from({ length: count }, (_, index) => {
    return BigInt.asUintN(bits, number >> BigInt(bits * (count - 1 - index))).toString(base);
  });
  return parseIpAddress(parts.join(separator));
}
