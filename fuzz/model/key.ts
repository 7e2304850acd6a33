import { createHash } from 'node:crypto';

/** The contract's derivations (its section "Address derivation"). */
export type Variant = 'eui64' | 'ffmuc' | 'gluon';

const KEY_BYTES = 32;

/** Decodes, while src/core checks the spelling: canonical base64 of 32 bytes that are not all zero. */
export function isKey(text: string): boolean {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === KEY_BYTES && bytes.toString('base64') === text && bytes.some((byte) => byte !== 0);
}

/** The MAC address of a key and its link-local address, as the kernel prints them. */
export interface LinkAddress {
  readonly mac: string;
  readonly address: string;
}

const MAX_KNOWN = 10_000;
const known = new Map<string, LinkAddress>();

export function deriveAddress(key: string, variant: Variant): LinkAddress {
  const name = `${variant} ${key}`;
  const found = known.get(name) ?? derive(key, variant);
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(name, found);
  return found;
}

function derive(key: string, variant: Variant): LinkAddress {
  const hash = createHash('md5').update(variant === 'gluon' ? key : `${key}\n`);
  const [h1, h2, h3, h4, h5] = hash.digest('hex').match(/../g) ?? [];
  const address = canonicaliseIpv6(`fe80::${variant === 'eui64' ? '00' : '02'}${h1}:${h2}ff:fe${h3}:${h4}${h5}`);
  return { mac: ['02', h1, h2, h3, h4, h5].join(':'), address: address ?? '' };
}

/** Uses the serialiser of URLs, which spells IPv6 addresses as in RFC 5952; undefined for any other text. */
export function canonicaliseIpv6(text: string): string | undefined {
  try {
    return new URL(`http://[${text}]/`).hostname.slice(1, -1);
  } catch {
    return undefined;
  }
}
