import { createHash } from 'node:crypto';
import { InputError } from '../values/errors.ts';
import { quote } from '../values/quote.ts';

/** `domain_seed` of a Gluon site, in lower case: 32 bytes in hexadecimal digits. */
export type DomainSeed = string & { readonly __brand: 'DomainSeed' };

/** The number that keeps the VXLANs of different networks apart, as one kind of firmware derives it. */
export interface Vni {
  readonly vni: number;
  /** What is hashed before the seed. */
  readonly label: string;
  /** The Gluon package that derives it this way. */
  readonly firmware: string;
}

const LABELS = [
  { label: 'gluon-mesh-vpn-vxlan', firmware: 'ffmuc-mesh-vpn-wireguard-vxlan' },
  { label: 'gluon-mesh-vxlan', firmware: 'gluon-mesh-vpn-wireguard' },
] as const;

/** Gluon accepts no others. @throws InputError for any other text. */
export function parseDomainSeed(text: string): DomainSeed {
  if (!/^[0-9a-f]{64}$/i.test(text))
    throw new InputError(`Cannot use ${quote(text)} as a domain seed: expected 64 hexadecimal digits`);
  return text.toLowerCase() as DomainSeed;
}

/** The first three bytes of MD5(label, seed, "1"), which is the first block of Gluon's `domain_seed_bytes`. */
export function deriveVnis(seed: DomainSeed): Vni[] {
  return LABELS.map(({ label, firmware }) => {
    const hash = createHash('md5').update(`${label}${seed}1`).digest();
    return { vni: hash.readUIntBE(0, 3), label, firmware };
  });
}
