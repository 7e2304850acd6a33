import type { AddressVariant } from './address-variant.ts';
import type { IpAddress } from './ip-address.ts';
import { deriveLinkAddress, type LinkAddress } from './link-address.ts';
import type { Handshakes, Peer, UnixSeconds } from './peers.ts';
import type { PublicKey } from './public-key.ts';

/** A router as the kernel knows it: its key and what was derived from it. */
export interface Router extends LinkAddress {
  readonly key: PublicKey;
}

/** An EUI-64, whichever the derivation. */
const DERIVED_NETWORK = /^fe80::[0-9a-f:]*ff:fe[0-9a-f]{2}:[0-9a-f]{1,4}\/128$/;

/**
 * The peers of one interface, told apart: those of wgkex, whose allowed IPs are exactly their derived address,
 * and all others, which belong to the operator. Keeps up with changes, so that one reading serves several decisions.
 */
export class PeerTable {
  readonly #variant: AddressVariant;
  readonly #ours = new Map<PublicKey, Peer>();
  readonly #ourAddresses = new Map<IpAddress, PublicKey>();
  readonly #pending = new Set<PublicKey>();
  /** The oldest pending ones, the oldest first; all others are younger. */
  #oldestPending = new Set<PublicKey>();
  readonly #operators = new Map<PublicKey, Peer>();
  readonly #operatorNetworks = new Set<string>();
  readonly #remembered: Handshakes;

  /** `remembered` are handshakes of the last `stale_after_seconds` that the kernel may have forgotten. */
  constructor(peers: Iterable<Peer>, variant: AddressVariant, remembered: Handshakes = new Map()) {
    this.#variant = variant;
    this.#remembered = remembered;
    for (const peer of peers) this.#classify(peer);
  }

  derive(key: PublicKey): LinkAddress {
    return deriveLinkAddress(key, this.#variant);
  }

  describe(key: PublicKey): Router {
    return { key, ...this.derive(key) };
  }

  /** wgkex's own peers. */
  get ours(): ReadonlyMap<PublicKey, Peer> {
    return this.#ours;
  }

  isOperators(key: PublicKey): boolean {
    return this.#operators.has(key);
  }

  get operators(): Iterable<Peer> {
    return this.#operators.values();
  }

  /** True if an operator's peer has exactly this address: the kernel would move it away without a word. */
  isOperatorsAddress(address: IpAddress): boolean {
    return this.#operatorNetworks.has(hostNetwork(address));
  }

  /** Our peer that has this address. */
  findHolder(address: IpAddress): Peer | undefined {
    const key = this.#ourAddresses.get(address);
    return key === undefined ? undefined : this.#ours.get(key);
  }

  /** Whether the kernel forgot a handshake of this peer: it has proved to own its key for all that. */
  isRemembered(key: PublicKey): boolean {
    return this.#remembered.has(key);
  }

  /** Our peers that never had a handshake. */
  get pending(): ReadonlySet<PublicKey> {
    return this.#pending;
  }

  /**
   * Our pending peer that was first seen longest ago. In a flood each new key asks for it: so they are sorted once, and
   * again when all of these are gone.
   */
  findOldestPending(firstSeen: (key: PublicKey) => UnixSeconds): PublicKey | undefined {
    if (this.#oldestPending.size === 0) {
      const seen = [...this.#pending].map((key) => ({ key, at: firstSeen(key) })).sort((a, b) => a.at - b.at);
      this.#oldestPending = new Set(seen.map(({ key }) => key));
    }
    const [oldest] = this.#oldestPending;
    return oldest;
  }

  /** A peer of ours as it is right after `wg set`: without endpoint and handshake. */
  register(key: PublicKey): void {
    const { address } = this.derive(key);
    const allowedIps = [hostNetwork(address)];
    this.#addOurs({ key, endpoint: undefined, allowedIps, lastHandshake: 'never', received: 0, sent: 0 }, address);
  }

  remove(key: PublicKey): void {
    this.#ours.delete(key);
    this.#pending.delete(key);
    this.#oldestPending.delete(key);
    const { address } = this.derive(key);
    if (this.#ourAddresses.get(address) === key) this.#ourAddresses.delete(address);
  }

  #classify(peer: Peer): void {
    const address = this.#findOurAddress(peer);
    if (address !== undefined) {
      this.#addOurs(peer, address);
      return;
    }
    this.#operators.set(peer.key, peer);
    for (const network of peer.allowedIps) this.#operatorNetworks.add(network);
  }

  #addOurs(peer: Peer, address: IpAddress): void {
    this.#ours.set(peer.key, peer);
    this.#ourAddresses.set(address, peer.key);
    if (peer.lastHandshake === 'never' && !this.isRemembered(peer.key)) this.#pending.add(peer.key);
    else this.#pending.delete(peer.key);
  }

  /** Looks at the shape before it hashes: an operator's peer rarely gets that far. */
  #findOurAddress(peer: Peer): IpAddress | undefined {
    const [network = '', ...others] = peer.allowedIps;
    if (others.length > 0 || !DERIVED_NETWORK.test(network)) return undefined;
    const { address } = this.derive(peer.key);
    return hostNetwork(address) === network ? address : undefined;
  }
}

/** Whether the last handshake is at most `seconds` ago; one in the future (a clock set back) counts as just now. */
export function hadHandshakeWithin(peer: Pick<Peer, 'lastHandshake'>, seconds: number, now: UnixSeconds): boolean {
  return peer.lastHandshake !== 'never' && now - peer.lastHandshake <= seconds;
}

export function hostNetwork(address: IpAddress): string {
  return `${address}/128`;
}
