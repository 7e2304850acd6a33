import type { LinkAddress } from '../values/derived-address.ts';
import type { IpAddress } from '../values/ip-address.ts';
import type { Peer } from '../values/peer.ts';
import type { PublicKey } from '../values/public-key.ts';
import type { Moment } from '../values/time.ts';
import { type Derivations, hostNetwork, type Router } from './address-plan.ts';
import { findLastHandshake, hadHandshakeWithin, type LastHandshake, settleHandshake } from './handshakes.ts';
import { findOwner, type OperatorsMark, type Ours, type Ownership } from './ownership.ts';
import type { Registration } from './record.ts';

/**
 * A peer of wgkex's, with what is known of it beside what the kernel says. Of these there are thousands in every
 * reading: so it refers to what it is made of, and copies nothing.
 */
export class OurPeer implements Peer {
  readonly peer: Peer;
  readonly registration: Registration;
  readonly router: Router;
  /** The address that it has, which may be one of another derivation; undefined where it has none. */
  readonly held: Router | undefined;
  /** What the kernel reports, by the clock as it is now. */
  readonly lastHandshake: LastHandshake;
  /** That, or what is remembered; never older than `stale_after_seconds` where only the record knows it. */
  readonly heard: LastHandshake;

  constructor(peer: Peer, { registration, router, held }: Ours, staleAfterSeconds: number, now: Moment) {
    this.peer = peer;
    this.registration = registration;
    this.router = router;
    this.held = held;
    this.lastHandshake = settleHandshake(peer.lastHandshake, registration.heard, now);
    this.heard = findHeard(peer, registration, staleAfterSeconds, now);
  }

  get key(): PublicKey {
    return this.peer.key;
  }

  get endpoint(): Peer['endpoint'] {
    return this.peer.endpoint;
  }

  get allowedIps(): Peer['allowedIps'] {
    return this.peer.allowedIps;
  }

  get received(): number {
    return this.peer.received;
  }

  get sent(): number {
    return this.peer.sent;
  }

  get hasPresharedKey(): boolean {
    return this.peer.hasPresharedKey;
  }

  get hasKeepalive(): boolean {
    return this.peer.hasKeepalive;
  }
}

function findHeard(peer: Peer, { heard }: Registration, staleAfterSeconds: number, now: Moment): LastHandshake {
  if (peer.lastHandshake === 'never') return findRemembered(heard, staleAfterSeconds, now);
  return findLastHandshake(peer, heard, now);
}

function findRemembered(heard: Registration['heard'], staleAfterSeconds: number, now: Moment): LastHandshake {
  const last = findLastHandshake({ lastHandshake: 'never' }, heard, now);
  return hadHandshakeWithin(last, staleAfterSeconds, now) ? last : 'never';
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

  /** Why a peer is the operator's; undefined for ours. */
  findMark(peer: Peer): OperatorsMark | undefined {
    const owner = findOwner(peer, this.#settings);
    return 'mark' in owner ? owner.mark : undefined;
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

  /** Whether anybody's peer has this address. */
  isHeld(address: IpAddress): boolean {
    return this.#holders.has(address) || this.findOperatorsKey(address) !== undefined;
  }

  /** Our peers of which neither the kernel reports a handshake nor is one remembered. */
  get pending(): ReadonlySet<PublicKey> {
    return this.#pending;
  }

  /** A peer of ours as it is right after `wg set`: without endpoint and handshake. */
  register(router: Router, registration: Registration): void {
    const { key, address } = router;
    const traffic = { received: 0, sent: 0, hasPresharedKey: false, hasKeepalive: false };
    const allowedIps = [hostNetwork(address)];
    const peer = { key, endpoint: undefined, allowedIps, lastHandshake: 'never', ...traffic } as const;
    this.remove(key);
    this.#add(new OurPeer(peer, { registration, router, held: router }, this.#settings.staleAfterSeconds, this.now));
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
    return findRemembered(heard, this.#settings.staleAfterSeconds, this.now);
  }

  /** The addresses that our peers have. */
  listHeld(): LinkAddress[] {
    return [...this.#ours.values()].flatMap(({ held }) => (held === undefined ? [] : [held]));
  }

  #classify(peer: Peer): void {
    const owner = findOwner(peer, this.#settings);
    if ('mark' in owner) {
      this.#operators.set(peer.key, peer);
      for (const network of peer.allowedIps) this.#operatorNetworks.set(network, peer.key);
      return;
    }
    this.#add(new OurPeer(peer, owner, this.#settings.staleAfterSeconds, this.now));
  }

  #add(peer: OurPeer): void {
    this.#ours.set(peer.key, peer);
    if (peer.held !== undefined) this.#holders.set(peer.held.address, peer.key);
    if (peer.heard === 'never') this.#pending.add(peer.key);
  }
}
