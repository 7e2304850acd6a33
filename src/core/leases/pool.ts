import { InputError } from '../values/errors.ts';
import { type IpAddress, isIpv4, parseIpAddress, parseNetwork } from '../values/ip-address.ts';
import { quote } from '../values/quote.ts';
import { type AddressRange, countAddresses, describeRange, findCommonPart, isPartOf } from './address-range.ts';
import type { LeasedAddresses } from './lease.ts';

/** What no lease gets. */
export interface TakenAddresses {
  /** Other leases' and the gateway's own. */
  readonly addresses: ReadonlySet<IpAddress>;
  /** The allowed IPs of the operator's peers, in CIDR notation. */
  readonly networks: readonly string[];
}

const EXPECTED = 'expected an IPv4 network from /16 to /30 or an IPv6 network from /112 to /126';
const NETWORK = /^([0-9a-fA-F.:]+)\/([1-9]\d{0,2})$/;
/** This machine's, link-local, multicast, reserved. */
const UNUSABLE = [
  ...['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3'],
  ...['::/8', 'fe80::/10', 'ff00::/8'],
].map(parseNetwork);

/** The networks from which a domain leases addresses. Made only by {@link parsePool}. */
export class Pool {
  readonly family4: AddressRange | undefined;
  readonly family6: AddressRange | undefined;
  readonly #ranges: readonly AddressRange[];

  constructor(family4: AddressRange | undefined, family6: AddressRange | undefined) {
    this.family4 = family4;
    this.family6 = family6;
    this.#ranges = [family4, family6].filter((range) => range !== undefined);
  }

  /** In CIDR notation, IPv4 first. */
  get networks(): readonly string[] {
    return this.#ranges.map(({ network }) => network);
  }

  /** The number of leases that fit in the smaller network, the gateway's own address included. */
  get size(): number {
    return Math.min(...this.#ranges.map(({ first, last }) => last - first + 1));
  }

  contains(address: IpAddress): boolean {
    return this.#ranges.some((range) => range.find(address) !== undefined);
  }

  /** Whether an allowed IP, as the kernel prints it (`10.66.0.5/32`), is in one of the networks as a whole. */
  containsNetwork(text: string): boolean {
    return this.#ranges.some((range) => isPartOf(range, text));
  }
}

/** @throws InputError unless the texts are one IPv4 network, one IPv6 network, or one of each. */
export function parsePool(texts: readonly string[]): Pool {
  if (texts.length === 0) throw new InputError(`Cannot use a pool without a network: ${EXPECTED}`);
  const ranges: { family4?: AddressRange; family6?: AddressRange } = {};
  for (const text of texts) {
    const range = parseRange(text);
    const family = range.network.includes(':') ? 'family6' : 'family4';
    const other = ranges[family];
    if (other !== undefined)
      throw new InputError(`Cannot use ${quote(text)} as a pool: ${other.network} is of the same family`);
    ranges[family] = range;
  }
  return new Pool(ranges.family4, ranges.family6);
}

/** Finds the lowest address of each network that nobody has; undefined if one of the networks has none. */
export function findLowestFree(pool: Pool, taken: TakenAddresses): LeasedAddresses | undefined {
  const address4 = pool.family4 && findFree(pool.family4, taken);
  const address6 = pool.family6 && findFree(pool.family6, taken);
  const isFull = (pool.family4 && address4 === undefined) || (pool.family6 && address6 === undefined);
  return isFull ? undefined : { address4, address6 };
}

function findFree(range: AddressRange, { addresses, networks }: TakenAddresses): IpAddress | undefined {
  const isBlocked = new Uint8Array(countAddresses(range));
  for (const network of networks) {
    const part = findCommonPart(range, network);
    if (part !== undefined) isBlocked.fill(1, part.first, part.last + 1);
  }
  for (let number = range.first; number <= range.last; number++) {
    if (isBlocked[number] === 1) continue;
    const address = range.format(number);
    if (!addresses.has(address)) return address;
  }
  return undefined;
}

function parseRange(text: string): AddressRange {
  const [, address, length] = NETWORK.exec(text) ?? [];
  const range = address === undefined ? undefined : findRange(address, Number(length));
  if (range === undefined) throw new InputError(`Cannot use ${quote(text)} as a pool: ${EXPECTED}`);
  if (UNUSABLE.some((network) => network.contains(range.format(0))))
    throw new InputError(`Cannot use ${quote(text)} as a pool: no host may have these addresses`);
  return range;
}

/** Undefined for text that is not an address, for an IPv4-mapped one, and for too large or too small a network. */
function findRange(text: string, prefixBits: number): AddressRange | undefined {
  const address = findAddress(text);
  if (address === undefined || isIpv4(address) === text.includes(':')) return undefined;
  const [min, max] = isIpv4(address) ? [16, 30] : [112, 126];
  return prefixBits >= min && prefixBits <= max ? describeRange(address, prefixBits) : undefined;
}

function findAddress(text: string): IpAddress | undefined {
  try {
    return parseIpAddress(text);
  } catch {
    return undefined;
  }
}
