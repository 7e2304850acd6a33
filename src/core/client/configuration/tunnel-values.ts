import type { LeasedAddresses } from '../../leases/lease.ts';
import { type IpAddress, isIpv4, maskNetwork, parseIpAddress } from '../../values/ip-address.ts';
import { isHostName } from '../../values/names.ts';
import { isPublicKey, type PublicKey } from '../../values/public-key.ts';
import type { UnixSeconds } from '../../values/time.ts';
import type { Value } from './tunnel-lines.ts';

const IPV4 = /^(0|[1-9]\d{0,2})(\.(0|[1-9]\d{0,2})){3}$/;
/** No zone, and no IPv4 address at the end. */
const IPV6 = /^[0-9a-fA-F:]*:[0-9a-fA-F:]*$/;
const NETWORK = /^([^/]+)\/(0|[1-9]\d{0,2})$/;
const ENDPOINT = /^(?:\[([0-9a-fA-F:]+)\]|([^[\]:]+)):([1-9]\d{0,4})$/;
/** inet_aton(3) reads `127.1`, `2130706433` and `0x7f.1` as addresses. */
const NUMERIC_HOST = /(^|\.)(\d+|0x[0-9a-f]*)$/i;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const NUMBER = /^[1-9]\d{0,4}$/;

const MOST_PORT = 65_535;
/** RFC 791, 3.1, and RFC 8200, 5: what every link must carry. */
const LEAST_MTU = { ipv4: 576, ipv6: 1280 };
/** Of Ethernet with jumbo frames. */
const MOST_MTU = 9000;

/** When a lease ends; `never` is a time that never comes. */
export const END: Value<UnixSeconds | 'never'> = {
  expected: '"never" or a time such as "2027-01-31T22:59:59Z"',
  find: (word) => (word === 'never' ? word : findTime(word)),
};

/** A host and a port, the host as {@link ADDRESS} has it if it is an address. */
export const ENDPOINT_VALUE: Value<string> = {
  expected: 'a host and a port such as "vpn.example.org:51820"',
  find: findEndpoint,
};

/** The addresses of the lease itself. */
export const OWN_ADDRESSES: Value<LeasedAddresses> = {
  expected: 'one IPv4 address with /32, one IPv6 address with /128, or one of each, in this order',
  find: (words) => {
    const found = words.split(', ').map(findOwnAddress);
    const families = found.map((address) => address && (isIpv4(address) ? '4' : '6')).join(' ');
    const address4 = families.startsWith('4') ? found[0] : undefined;
    const address6 = families.endsWith('6') ? found[found.length - 1] : undefined;
    return ['4', '6', '4 6'].includes(families) ? { address4, address6 } : undefined;
  },
};

export const ADDRESS: Value<IpAddress> = { expected: 'an IP address', find: findAddress };

/** As WireGuard has it: without the bits of a host. */
export const NETWORK_VALUE: Value<string> = {
  expected: 'a network such as "10.66.0.0/24" or "fd66::/112"',
  find: (word) => {
    const network = findNetwork(word);
    return network && mask(network);
  },
};

export const PUBLIC_KEY: Value<PublicKey> = {
  expected: 'a public key, 32 bytes in base64',
  find: (word) => (isPublicKey(word) ? word : undefined),
};

/** The permitted sizes of packets, of which IPv6 needs larger ones. */
export function describeMtu(hasIpv6: boolean): Value<number> {
  const least = hasIpv6 ? LEAST_MTU.ipv6 : LEAST_MTU.ipv4;
  const isPermitted = (word: string) => NUMBER.test(word) && Number(word) >= least && Number(word) <= MOST_MTU;
  return {
    expected: `a number from ${least}${hasIpv6 ? ' (for IPv6)' : ''} to ${MOST_MTU}`,
    find: (word) => (isPermitted(word) ? Number(word) : undefined),
  };
}

/** That word and nothing else. */
export function describeConstant(word: string): Value<string> {
  return { expected: word, find: (found) => (found === word ? word : undefined) };
}

interface Network {
  readonly address: IpAddress;
  readonly bits: number;
  /** Those of any address of its family. */
  readonly addressBits: number;
}

function findNetwork(word: string): Network | undefined {
  const [, text = '', length] = NETWORK.exec(word) ?? [];
  const [address, bits] = [findAddress(text), Number(length)];
  if (address === undefined) return undefined;
  const addressBits = isIpv4(address) ? 32 : 128;
  return bits <= addressBits ? { address, bits, addressBits } : undefined;
}

function findOwnAddress(word: string): IpAddress | undefined {
  const { address, bits, addressBits } = findNetwork(word) ?? {};
  return bits === addressBits ? address : undefined;
}

function mask({ address, bits }: Network): string {
  const first = maskNetwork(address, bits).replace(/\/.*$/, '');
  return `${parseIpAddress(first)}/${bits}`;
}

/** Undefined also for an IPv4 address that is written as an IPv6 one. */
function findAddress(text: string): IpAddress | undefined {
  if (!IPV4.test(text) && !IPV6.test(text)) return undefined;
  try {
    const address = parseIpAddress(text);
    return isIpv4(address) === text.includes(':') ? undefined : address;
  } catch {
    return undefined;
  }
}

function findEndpoint(word: string): string | undefined {
  const [, bracketed, plain = '', port] = ENDPOINT.exec(word) ?? [];
  if (port === undefined || Number(port) > MOST_PORT) return undefined;
  if (bracketed === undefined) return findHost(plain) && `${plain}:${port}`;
  const address = findAddress(bracketed);
  return address && `[${address}]:${port}`;
}

function findHost(text: string): string | undefined {
  const isName = isHostName(text) && !NUMERIC_HOST.test(text);
  return isName || (IPV4.test(text) && findAddress(text) !== undefined) ? text : undefined;
}

/** The years from 1970 to 9999. */
function findTime(text: string): UnixSeconds | undefined {
  const milliseconds = TIME.test(text) ? Date.parse(text) : Number.NaN;
  // Date takes the 31st of a month that has 30 days for the 1st of the next one.
  const isTime = milliseconds >= 0 && new Date(milliseconds).toISOString() === text.replace('Z', '.000Z');
  return isTime ? milliseconds / 1000 : undefined;
}
