import type { AddressVariant } from '../values/address-variant.ts';
import { deriveAll, deriveLinkAddress, type LinkAddress } from '../values/derived-address.ts';
import type { IpAddress } from '../values/ip-address.ts';
import type { PublicKey } from '../values/public-key.ts';

/** A router, identified by its key. */
export interface Router extends LinkAddress {
  readonly key: PublicKey;
}

/** About 2 MB. */
const LEAST_REMEMBERED = 10_000;
/** An EUI-64, by any derivation. */
const DERIVED_NETWORK = /^fe80::[0-9a-f:]*ff:fe[0-9a-f]{2}:[0-9a-f]{1,4}\/128$/;

/** The addresses of a domain's keys. A key is hashed once: each reading of the kernel asks for all of them. */
export class Derivations {
  readonly #variant: AddressVariant;
  readonly #routers = new Map<PublicKey, { readonly router: Router; readonly network: string }>();

  readonly #most: number;

  /** Remembers `most` routers, which must be more than a reading contains. */
  constructor(variant: AddressVariant, most = LEAST_REMEMBERED) {
    this.#variant = variant;
    this.#most = Math.max(most, LEAST_REMEMBERED);
  }

  describe(key: PublicKey): Router {
    return this.#find(key).router;
  }

  /**
   * The router of this key, if its derived address is the only allowed IP: by the domain's derivation or, after the
   * derivation was changed, by another one. Undefined for any other allowed IPs.
   */
  findHeld(key: PublicKey, allowedIps: readonly string[]): Router | undefined {
    const [allowed = '', ...others] = allowedIps;
    if (others.length > 0) return undefined;
    const { router, network } = this.#find(key);
    if (network === allowed) return router;
    if (!DERIVED_NETWORK.test(allowed)) return undefined;
    const other = deriveAll(key).find(({ address }) => hostNetwork(address) === allowed);
    return other && { key, mac: other.mac, address: other.address };
  }

  #find(key: PublicKey) {
    const known = this.#routers.get(key);
    if (known !== undefined) return known;
    if (this.#routers.size >= this.#most) this.#routers.clear();
    const router = { key, ...deriveLinkAddress(key, this.#variant) };
    const found = { router, network: hostNetwork(router.address) };
    this.#routers.set(key, found);
    return found;
  }
}

export function hostNetwork(address: IpAddress): string {
  return `${address}/128`;
}
