import { createHash } from 'node:crypto';
import { ADDRESS_VARIANTS, type AddressVariant } from './address-variant.ts';
import { type IpAddress, parseIpAddress } from './ip-address.ts';
import type { PublicKey } from './public-key.ts';

/** A MAC address in lower case with colons. */
export type MacAddress = string & { readonly __brand: 'MacAddress' };

export interface LinkAddress {
  readonly mac: MacAddress;
  readonly address: IpAddress;
}

/** "Locally administered", so that it never collides with a vendor's MAC address. */
const MAC_FIRST_BYTE = 0x02;
const HASH_BYTES = 5;

/**
 * The MAC address and the link-local IPv6 address that belong to a key.
 * The MAC is `02` and the first five bytes of the MD5; the address is its EUI-64 (RFC 4291, appendix A).
 */
export function deriveLinkAddress(key: PublicKey, variant: AddressVariant): LinkAddress {
  const hashed = variant === 'gluon' ? key : `${key}\n`;
  const hash = createHash('md5').update(hashed).digest();
  const mac = [MAC_FIRST_BYTE, ...hash.subarray(0, HASH_BYTES)].map(hexByte).join(':') as MacAddress;
  return { mac, address: deriveAddress(mac, variant) };
}

/** The result of a derivation. */
export interface Derivation extends LinkAddress {
  readonly variant: AddressVariant;
}

export function deriveAll(key: PublicKey): Derivation[] {
  return ADDRESS_VARIANTS.map((variant) => ({ variant, ...deriveLinkAddress(key, variant) }));
}

/** The inverse: the MAC addresses from which any derivation makes `address`; none if it was not derived at all. */
export function findDerivedMacs(address: IpAddress): MacAddress[] {
  const macs = ADDRESS_VARIANTS.map((variant) => findDerivedMac(address, variant));
  return [...new Set(macs.filter((mac) => mac !== undefined))];
}

function findDerivedMac(address: IpAddress, variant: AddressVariant): MacAddress | undefined {
  const groups = expandInterfaceId(address);
  if (groups === undefined) return undefined;
  const bytes = groups.match(/../g) ?? [];
  const mac = ['02', bytes[1], bytes[2], bytes[5], bytes[6], bytes[7]].join(':') as MacAddress;
  return deriveAddress(mac, variant) === address ? mac : undefined;
}

/** `eui64` inverts the universal/local bit as the RFC says, which turns 02 into 00; the other two keep it. */
function deriveAddress(mac: MacAddress, variant: AddressVariant): IpAddress {
  const [, h1, h2, h3, h4, h5] = mac.split(':');
  const first = variant === 'eui64' ? '00' : '02';
  const groups = [`${first}${h1}`, `${h2}ff`, `fe${h3}`, `${h4}${h5}`].map((group) => group.replace(/^0{1,3}/, ''));
  return parseIpAddress(`fe80::${groups.join(':')}`);
}

/** The lower 64 bits of a link-local address as 16 hexadecimal digits. */
function expandInterfaceId(address: IpAddress): string | undefined {
  const tail = address.match(/^fe80::([0-9a-f:]*)$/)?.[1];
  if (tail === undefined || tail.includes('::')) return undefined;
  const groups = tail.split(':');
  if (groups.length > 4) return undefined;
  return groups
    .map((group) => group.padStart(4, '0'))
    .join('')
    .padStart(16, '0');
}

function hexByte(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}
