import { type Derivations, hostNetwork, type Router } from './derivations.ts';
import { findLastHandshake, hadHandshakeWithin, type LastHandshake, settleHandshake } from './handshakes.ts';
import type { IpAddress } from './ip-address.ts';
import type { LinkAddress } from './link-address.ts';
import type { Moment } from './moment.ts';
import { findHeld, findOperatorsMark, type Ownership } from './ownership.ts';
import type { Peer } from './peers.ts';
import type { PublicKey } from './public-key.ts';
import type { Registration } from './record.ts';

/** A peer of wgkex's. */
export interface OurPeer extends Peer {
  /** What the kernel reports, by the clock as it is now. */
  readonly lastHandshake: LastHandshake;
  /** That, or what is remembered; never older than `stale_after_seconds` where only the record knows it. */
  readonly heard: LastHandshake;
  /** The address that it has, which may be one of another derivation; undefined where it has none. */
  readonly held: Router | undefined;
  readonly registration: Registration;
}

/** What a table rests on beside the peers. */
export interface TableSettings extends Ownership {
  readonly staleAfterSeconds: number;
}

/**
 * The peers of one interface, told apart: those of wgkex, and the operator's. Follows changes as they are decided, so
 * that one reading serves all decisions of a batch.
 */
export class PeerTable {
  readonly now: Moment;
  readonly #settings: TableSettings;
  readonly #ours = new Map<PublicKey, OurPeer>();
  readonly #holders = new Map<IpAddress, PublicKey>();
  readonly #pending = new Set<PublicKey>();
  readonly #operators = new Map<PublicKey, Peer>();
  readonly #operatorNetworks = new Map<string, PublicKey>();

  constructor(peers: Iterable<Peer>, settings: TableSettings, now: Moment) {
    this.#settings = settings;
    this.now = now;
    for (const key of settings.staticKeys) this.#operatorNetworks.set(hostNetwork(this.describe(key).address), key);
    for (const peer of peers) this.#classify(peer);
  }

  describe(key: PublicKey): Router {
    return this.derivations.describe(key);
  }

  get derivations(): Derivations {
    return this.#settings.derivations;
  }

  /** wgkex's own peers. */
  get ours(): ReadonlyMap<PublicKey, OurPeer> {
    return this.#ours;
  }

  isOperators(key: PublicKey): boolean {
    return this.#operators.has(key);
  }

  get operators(): Iterable<Peer> {
    return this.#operators.values();
  }

  /**
   * Whether the operator has exactly this address: a peer of theirs, which the kernel would rob of it without a word,
   * or a key that they keep the address for.
   */
  isOperatorsAddress(address: IpAddress): boolean {
    return this.#operatorNetworks.has(hostNetwork(address));
  }

  findOperatorsKey(address: IpAddress): PublicKey | undefined {
    return this.#operatorNetworks.get(hostNetwork(address));
  }

  /** Our peer that has this address. */
  findHolder(address: IpAddress): OurPeer | undefined {
    const key = this.#holders.get(address);
    return key === undefined ? undefined : this.#ours.get(key);
  }

  /** Our peers of which neither the kernel reports a handshake nor is one remembered. */
  get pending(): ReadonlySet<PublicKey> {
    return this.#pending;
  }

  /** A peer of ours as it is right after `wg set`: without endpoint and handshake. */
  register(key: PublicKey, registration: Registration): void {
    const held = this.describe(key);
    const allowedIps = [hostNetwork(held.address)];
    const traffic = { received: 0, sent: 0, hasPresharedKey: false, hasKeepalive: false };
    const peer = { key, endpoint: undefined, allowedIps, lastHandshake: 'never', ...traffic } as const;
    this.remove(key);
    this.#add({ ...peer, held, registration, heard: this.#findHeard(peer, registration) });
  }

  remove(key: PublicKey): void {
    const peer = this.#ours.get(key);
    this.#ours.delete(key);
    this.#pending.delete(key);
    if (peer?.held !== undefined && this.#holders.get(peer.held.address) === key)
      this.#holders.delete(peer.held.address);
  }

  /** What is remembered of a key of which the kernel reports no handshake; `never` where that is stale. */
  findRemembered(heard: Registration['heard']): LastHandshake {
    const last = findLastHandshake({ lastHandshake: 'never' }, heard, this.now);
    return hadHandshakeWithin(last, this.#settings.staleAfterSeconds, this.now) ? last : 'never';
  }

  /** The addresses that our peers have. */
  listHeld(): LinkAddress[] {
    return [...this.#ours.values()].flatMap(({ held }) => (held === undefined ? [] : [held]));
  }

  #classify(peer: Peer): void {
    const registration = this.#settings.registrations.get(peer.key);
    if (registration === undefined || findOperatorsMark(peer, this.#settings) !== undefined) {
      this.#operators.set(peer.key, peer);
      for (const network of peer.allowedIps) this.#operatorNetworks.set(network, peer.key);
      return;
    }
    const held = findHeld(peer, this.#settings);
    const lastHandshake = settleHandshake(peer.lastHandshake, registration.heard, this.now);
    this.#add({ ...peer, lastHandshake, held, registration, heard: this.#findHeard(peer, registration) });
  }

  #add(peer: OurPeer): void {
    this.#ours.set(peer.key, peer);
    if (peer.held !== undefined) this.#holders.set(peer.held.address, peer.key);
    if (peer.heard === 'never') this.#pending.add(peer.key);
  }

  #findHeard(peer: Peer, { heard }: Registration): LastHandshake {
    return peer.lastHandshake === 'never' ? this.findRemembered(heard) : findLastHandshake(peer, heard, this.now);
  }
}
