import { deriveAddress, type Variant } from './key.ts';

/** A peer in the kernel. */
export interface KernelPeer {
  readonly networks: readonly string[];
  /** Unix seconds; 0 if there was none. */
  readonly handshake: number;
  readonly endpoint: string | undefined;
  readonly hasPresharedKey: boolean;
  readonly hasKeepalive: boolean;
}

const VARIANTS: readonly Variant[] = ['eui64', 'ffmuc', 'gluon'];

/** The contract's "Whose peer it is", for a key that is in the record and not in `static_keys`. */
export function isUnmarked(key: string, peer: KernelPeer): boolean {
  if (peer.hasPresharedKey || peer.hasKeepalive) return false;
  return peer.networks.length === 0 || findHeldAddress(key, peer) !== undefined;
}

/** The peer's only network, if it is the derived address by any derivation. */
export function findHeldAddress(key: string, { networks }: KernelPeer): string | undefined {
  const addresses = VARIANTS.map((variant) => deriveAddress(key, variant).address);
  return addresses.find((address) => networks.length === 1 && networks[0] === `${address}/128`);
}
