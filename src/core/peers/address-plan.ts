import type { AddressVariant } from '../values/address-variant.ts';
import { deriveAll, deriveLinkAddress, type LinkAddress, type MacAddress } from '../values/derived-address.ts';
import { type IpAddress, isIpv4 } from '../values/ip-address.ts';
import type { PublicKey } from '../values/public-key.ts';

/** A router, identified by its key, with its addresses in the tunnel. */
export interface Router {
  readonly key: PublicKey;
  readonly address: IpAddress;
  /** Of another family. */
  readonly secondAddress?: IpAddress | undefined;
  /** Undefined outside the mesh: frames go only to routers with a MAC address. */
  readonly mac?: MacAddress | undefined;
}

/** How a domain gives addresses to keys. */
export interface AddressPlan {
  /** Whether a peer of wgkex's must be in the record: a peer of the operator's may have such an address, too. */
  readonly needsRecord: boolean;
  /** The router of a key as its domain has it today; where only its peer has the address, `held` is that. */
  describe(key: PublicKey, held?: Router): Router;
  /** The router that these allowed IPs make of a key; undefined if the plan gives no such addresses. */
  findHeld(key: PublicKey, allowedIps: readonly string[], isRecorded?: boolean): Router | undefined;
  /** The network that a key has before it is a peer; undefined if it has none. */
  findReserved(key: PublicKey): string | undefined;
}

/** About 2 MB. */
const LEAST_REMEMBERED = 10_000;
/** An EUI-64, by any derivation. */
const DERIVED_NETWORK = /^fe80::[0-9a-f:]*ff:fe[0-9a-f]{2}:[0-9a-f]{1,4}\/128$/;

/** A router of the mesh. */
export type MeshRouter = Router & LinkAddress;

export function isOfMesh(router: Router): router is MeshRouter {
  return router.mac !== undefined;
}

/** Addresses that are made from keys. A key is hashed once: each reading of the kernel asks for all of them. */
export class DerivedPlan implements AddressPlan {
  readonly needsRecord = true;
  readonly #variant: AddressVariant;
  readonly #routers = new Map<PublicKey, { readonly router: MeshRouter; readonly network: string }>();

  readonly #most: number;

  /** Remembers `most` routers, which must be more than a reading contains. */
  constructor(variant: AddressVariant, most = LEAST_REMEMBERED) {
    this.#variant = variant;
    this.#most = Math.max(most, LEAST_REMEMBERED);
  }

  describe(key: PublicKey): MeshRouter {
    return this.#find(key).router;
  }

  /**
   * The router of this key, if its derived address is the only allowed IP: by the domain's derivation or, after the
   * derivation was changed, by another one. Undefined for any other allowed IPs.
   */
  findHeld(key: PublicKey, allowedIps: readonly string[]): MeshRouter | undefined {
    const [allowed = '', ...others] = allowedIps;
    if (others.length > 0) return undefined;
    const { router, network } = this.#find(key);
    if (network === allowed) return router;
    if (!DERIVED_NETWORK.test(allowed)) return undefined;
    const other = deriveAll(key).find(({ address }) => hostNetwork(address) === allowed);
    return other && { key, mac: other.mac, address: other.address };
  }

  findReserved(key: PublicKey): string {
    return this.#find(key).network;
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
  return `${address}/${isIpv4(address) ? 32 : 128}`;
}

/** The allowed IPs of a router. */
export function listNetworks({ address, secondAddress }: Router): string[] {
  return secondAddress === undefined ? [hostNetwork(address)] : [hostNetwork(address), hostNetwork(secondAddress)];
}
