import { LIVE_SECONDS } from './handshakes.ts';
import { deriveHousehold, deriveSite } from './households.ts';
import type { Source } from './ip-address.ts';
import { findAge } from './moment.ts';
import type { OurPeer, PeerTable } from './peer-table.ts';
import type { PublicKey } from './public-key.ts';

/** How long a new key may take to connect before it can be evicted for another one. */
export const CONNECT_SECONDS = 60;
/** The part of a limit above which a household, or the site around it, has more than its share. */
const HOUSEHOLD_SHARE = 1 / 10;
const SITE_SHARE = 1 / 5;

interface Candidate {
  readonly key: PublicKey;
  readonly groups: readonly Source[];
}

/**
 * Whom a newcomer evicts where a domain has no room. Sorted once for each reading, and kept up as keys come and go: in
 * a flood every new key asks.
 */
export class Room {
  readonly #peers: PeerTable;
  readonly #maxPending: number;
  readonly #maxPeers: number;
  #pending: Shares | undefined;
  #connected: Shares | undefined;

  constructor(peers: PeerTable, { maxPending, maxPeers }: { readonly maxPending: number; readonly maxPeers: number }) {
    this.#peers = peers;
    this.#maxPending = maxPending;
    this.#maxPeers = maxPeers;
  }

  /** The pending key that goes first, by the order of the contract. */
  findPending(isClaimant: boolean, hasClaim: (key: PublicKey) => boolean): PublicKey | undefined {
    this.#pending ??= this.#gatherPending();
    const [oldest] = this.#pending.keys();
    if (oldest !== undefined && this.#ageOf(oldest) >= CONNECT_SECONDS) return oldest;
    const greedy = this.#pending.findGreedy(this.#maxPending * HOUSEHOLD_SHARE, this.#maxPending * SITE_SHARE);
    if (greedy !== undefined) return greedy;
    return isClaimant ? this.#pending.find((key) => !hasClaim(key)) : undefined;
  }

  /** The peer of the greediest endpoint that was silent longest, where the domain is full of connected ones. */
  findConnected(): PublicKey | undefined {
    this.#connected ??= this.#gatherConnected();
    const share = this.#maxPeers * HOUSEHOLD_SHARE;
    return this.#connected.findGreedy(share, share);
  }

  /** A key that has just been registered; the kernel knows no endpoint of it any more. */
  add(key: PublicKey): void {
    this.#connected?.remove(key);
    const peer = this.#peers.ours.get(key);
    if (peer === undefined || !this.#peers.pending.has(key)) return;
    const isLast = peer.registration.pendingSince === this.#peers.now.monotonic;
    // One that was reset long after its last handshake has a place between others.
    if (isLast || this.#pending?.has(key)) this.#pending?.add(describePending(peer));
    else this.#pending = undefined;
  }

  remove(key: PublicKey): void {
    this.#pending?.remove(key);
    this.#connected?.remove(key);
  }

  /** How many pending keys a household has. */
  countPending(household: Source): number {
    this.#pending ??= this.#gatherPending();
    return this.#pending.count(household);
  }

  #gatherPending(): Shares {
    const peers = [...this.#peers.pending].flatMap((key) => this.#peers.ours.get(key) ?? []);
    const since = ({ registration }: OurPeer) => registration.pendingSince;
    return new Shares(peers.sort((a, b) => compare(since(a), since(b))).map(describePending));
  }

  #gatherConnected(): Shares {
    const silent = (peer: OurPeer) => (peer.heard === 'never' ? Number.NEGATIVE_INFINITY : peer.heard);
    const peers = [...this.#peers.ours.values()].filter(({ key }) => !this.#peers.pending.has(key));
    const isEvictable = (peer: OurPeer) => this.#peers.now.unix - silent(peer) >= LIVE_SECONDS;
    const sorted = peers.sort((a, b) => compare(silent(a), silent(b)));
    return new Shares(sorted.map(describeConnected), new Set(sorted.filter(isEvictable).map(({ key }) => key)));
  }

  #ageOf(key: PublicKey): number {
    const peer = this.#peers.ours.get(key);
    return peer === undefined ? 0 : findAge(peer.registration.pendingSince, this.#peers.now);
  }
}

/** Keys in the order in which they are evicted, and how many of them each source has. */
class Shares {
  readonly #keys = new Map<PublicKey, readonly Source[]>();
  readonly #counts = new Map<Source, number>();
  readonly #evictable: ReadonlySet<PublicKey> | undefined;

  constructor(candidates: readonly Candidate[], evictable?: ReadonlySet<PublicKey>) {
    this.#evictable = evictable;
    for (const candidate of candidates) this.add(candidate);
  }

  /** One that is there already stays where it is in the order. */
  add({ key, groups }: Candidate): void {
    this.#uncount(key);
    this.#keys.set(key, groups);
    for (const group of groups) this.#counts.set(group, this.count(group) + 1);
  }

  remove(key: PublicKey): void {
    this.#uncount(key);
    this.#keys.delete(key);
  }

  keys(): Iterable<PublicKey> {
    return this.#keys.keys();
  }

  has(key: PublicKey): boolean {
    return this.#keys.has(key);
  }

  count(group: Source): number {
    return this.#counts.get(group) ?? 0;
  }

  find(isMeant: (key: PublicKey) => boolean): PublicKey | undefined {
    for (const key of this.#keys.keys()) if (isMeant(key)) return key;
    return undefined;
  }

  /** The first key of the source that has most, of those that have more than their share. */
  findGreedy(householdShare: number, siteShare: number): PublicKey | undefined {
    const greedy = [...this.#counts].filter(([group, count]) => count > (isSite(group) ? siteShare : householdShare));
    for (const [group] of greedy.sort(([, a], [, b]) => b - a)) {
      const key = this.find((one) => this.#evictable?.has(one) !== false && this.#isOf(one, group));
      if (key !== undefined) return key;
    }
    return undefined;
  }

  #uncount(key: PublicKey): void {
    for (const group of this.#keys.get(key) ?? []) this.#counts.set(group, this.count(group) - 1);
  }

  #isOf(key: PublicKey, group: Source): boolean {
    return this.#keys.get(key)?.includes(group) === true;
  }
}

function describePending({ key, registration: { source } }: OurPeer): Candidate {
  return { key, groups: source === undefined ? [] : [source, deriveSite(source)] };
}

function describeConnected({ key, endpoint }: OurPeer): Candidate {
  if (endpoint === undefined) return { key, groups: [] };
  const household = deriveHousehold(endpoint);
  // Of IPv4 the contract counts single addresses alone here.
  return { key, groups: household.includes(':') ? [household, deriveSite(household)] : [household] };
}

function isSite(group: Source): boolean {
  return /\/(24|48)$/.test(group);
}

function compare(one: number, other: number): number {
  return one === other ? 0 : one < other ? -1 : 1;
}
