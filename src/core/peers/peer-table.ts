import type { IpAddress } from '../values/ip-address.ts';
import type { Peer } from '../values/peer.ts';
import type { PublicKey } from '../values/public-key.ts';
import type { Moment } from '../values/time.ts';
import { type AddressPlan, hostNetwork, isOfMesh, listNetworks, type MeshRouter, type Router } from './address-plan.ts';
import { findLastHandshake, hadHandshakeWithin, type LastHandshake, settleHandshake } from './handshakes.ts';
import { findOwner, type OperatorsMark, type Ours, type Ownership } from './ownership.ts';
import type { Registration } from './record.ts';

/**
 * A peer that wgkex owns, with everything that is known about it besides the kernel's data. Every reading has thousands
 * of these, so it refers to its parts and copies nothing.
 */
export class OurPeer implements Peer {
  readonly peer: Peer;
  readonly registration: Registration;
  readonly router: Router;
  /** Its current address, which may be by another derivation; undefined if it has none. */
  readonly held: Router | undefined;
  /** As the kernel reports it, by the current clock. */
  readonly lastHandshake: LastHandshake;
  /** The same, or the remembered one; never older than `stale_after_seconds` if only the record knows it. */
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

/** Everything that a table depends on besides the peers. */
export interface TableSettings extends Ownership {
  readonly staleAfterSeconds: number;
}

/**
 * The peers of one interface, divided into wgkex's and the operator's. Follows changes as they are decided, so that one
 * reading serves all decisions of a batch.
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
    for (const key of settings.staticKeys) {
      const reserved = this.plan.findReserved(key);
      if (reserved !== undefined) this.#operatorNetworks.set(reserved, key);
    }
    for (const peer of peers) this.#classify(peer);
  }

  describe(key: PublicKey): Router {
    const operators = this.#operators.get(key);
    const held = operators && this.plan.findHeld(key, operators.allowedIps);
    return this.plan.describe(key, this.#ours.get(key)?.held ?? held);
  }

  get plan(): AddressPlan {
    return this.#settings.plan;
  }

  /** wgkex's own peers. */
  get ours(): ReadonlyMap<PublicKey, OurPeer> {
    return this.#ours;
  }

  isOperators(key: PublicKey): boolean {
    return this.#operators.has(key);
  }

  findOperators(key: PublicKey): Peer | undefined {
    return this.#operators.get(key);
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
   * Whether the operator uses exactly this address: for one of their peers, from which the kernel would silently take
   * it, or for a key that they reserve it for.
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

  /** Whether any peer has this address. */
  isHeld(address: IpAddress): boolean {
    return this.#holders.has(address) || this.findOperatorsKey(address) !== undefined;
  }

  /** Our peers without a handshake: the kernel reports none, and none is remembered. */
  get pending(): ReadonlySet<PublicKey> {
    return this.#pending;
  }

  /** Adds one of our peers as it is right after `wg set`: without an endpoint or a handshake. */
  register(router: Router, registration: Registration): void {
    const { key } = router;
    const traffic = { received: 0, sent: 0, hasPresharedKey: false, hasKeepalive: false };
    const allowedIps = listNetworks(router);
    const peer = { key, endpoint: undefined, allowedIps, lastHandshake: 'never', ...traffic } as const;
    this.remove(key);
    this.#add(new OurPeer(peer, { registration, router, held: router }, this.#settings.staleAfterSeconds, this.now));
  }

  remove(key: PublicKey): void {
    const peer = this.#ours.get(key);
    this.#ours.delete(key);
    this.#pending.delete(key);
    this.#unhold(peer?.held?.address, key);
    this.#unhold(peer?.held?.secondAddress, key);
  }

  /** The remembered handshake of a key for which the kernel reports none; `never` if it is stale. */
  findRemembered(heard: Registration['heard']): LastHandshake {
    return findRemembered(heard, this.#settings.staleAfterSeconds, this.now);
  }

  /** Our routers in the mesh that have an address. */
  listHeld(): MeshRouter[] {
    return [...this.#ours.values()].flatMap(({ held }) => (held !== undefined && isOfMesh(held) ? [held] : []));
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

  #unhold(address: IpAddress | undefined, key: PublicKey): void {
    if (address !== undefined && this.#holders.get(address) === key) this.#holders.delete(address);
  }

  #add(peer: OurPeer): void {
    this.#ours.set(peer.key, peer);
    const { held } = peer;
    if (held !== undefined) this.#holders.set(held.address, peer.key);
    if (held?.secondAddress !== undefined) this.#holders.set(held.secondAddress, peer.key);
    if (peer.heard === 'never') this.#pending.add(peer.key);
  }
}
