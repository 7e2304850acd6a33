import { LIVE_SECONDS } from '../peers/handshakes.ts';
import { BROADCAST_SOURCE, deriveHousehold, deriveSite } from '../peers/households.ts';
import type { OurPeer, PeerTable } from '../peers/peer-table.ts';
import type { Source } from '../values/ip-address.ts';
import type { PublicKey } from '../values/public-key.ts';
import { findAge } from '../values/time.ts';

/** How long a new key may take to connect before a newcomer can evict it. */
export const CONNECT_SECONDS = 60;
/** The fraction of a limit above which a household, or the site around it, has more than its share. */
const HOUSEHOLD_SHARE = 1 / 10;
const SITE_SHARE = 1 / 5;

interface Candidate {
  readonly key: PublicKey;
  readonly groups: readonly Source[];
}

/**
 * Picks the peer that a newcomer evicts when a domain is full. Sorted once for each reading, and updated as keys come
 * and go: in a flood, every new key asks.
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

  /** The pending key to evict first, by the order of the contract. */
  findPending(isClaimant: boolean, hasClaim: (key: PublicKey) => boolean): PublicKey | undefined {
    this.#pending ??= this.#gatherPending();
    const [oldest] = this.#pending.keys();
    if (oldest !== undefined && this.#ageOf(oldest) >= CONNECT_SECONDS) return oldest;
    const greedy = this.#pending.findGreedy(this.#maxPending * HOUSEHOLD_SHARE, this.#maxPending * SITE_SHARE);
    if (greedy !== undefined) return greedy;
    return isClaimant ? this.#pending.find((key) => !hasClaim(key)) : undefined;
  }

  /** The pending key that has been there longest of those that came by a topic. */
  findBroadcast(): PublicKey | undefined {
    this.#pending ??= this.#gatherPending();
    return this.#pending.findOf(BROADCAST_SOURCE);
  }

  /** For a domain full of connected peers: of the peers of the greediest endpoint, the one that was silent longest. */
  findConnected(): PublicKey | undefined {
    this.#connected ??= this.#gatherConnected();
    return this.#connected.findGreediest(this.#maxPeers * HOUSEHOLD_SHARE);
  }

  /** Adds a key that has just been registered: it has no endpoint any more. */
  add(key: PublicKey): void {
    this.#connected?.remove(key);
    const peer = this.#peers.ours.get(key);
    if (peer === undefined || !this.#peers.pending.has(key)) return;
    const isNew = peer.registration.pendingSince >= this.#peers.now.monotonic;
    if (isNew || this.#pending?.has(key)) this.#pending?.add(describePending(peer));
    // Its place is somewhere among the older ones.
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

/** Keys in the order of their eviction, and the number of keys of each source. */
class Shares {
  readonly #keys = new Map<PublicKey, readonly Source[]>();
  readonly #counts = new Map<Source, number>();
  readonly #evictable: ReadonlySet<PublicKey> | undefined;

  constructor(candidates: readonly Candidate[], evictable?: ReadonlySet<PublicKey>) {
    this.#evictable = evictable;
    for (const candidate of candidates) this.add(candidate);
  }

  /** Adds a key at the end; a key that is already in the list keeps its place. */
  add({ key, groups }: Candidate): void {
    this.#addToCounts(key, -1);
    this.#keys.set(key, groups);
    this.#addToCounts(key, 1);
  }

  remove(key: PublicKey): void {
    this.#addToCounts(key, -1);
    this.#keys.delete(key);
  }

  has(key: PublicKey): boolean {
    return this.#keys.has(key);
  }

  keys(): Iterable<PublicKey> {
    return this.#keys.keys();
  }

  count(group: Source): number {
    return this.#counts.get(group) ?? 0;
  }

  find(isMeant: (key: PublicKey) => boolean): PublicKey | undefined {
    for (const key of this.#keys.keys()) if (isMeant(key)) return key;
    return undefined;
  }

  findOf(group: Source): PublicKey | undefined {
    return this.find((key) => this.#keys.get(key)?.includes(group) === true);
  }

  /** The first key whose source has more than its share. Those that came by a topic have a bound of their own. */
  findGreedy(householdShare: number, siteShare: number): PublicKey | undefined {
    const isGreedy = (group: Source) =>
      group !== BROADCAST_SOURCE && this.count(group) > (isSite(group) ? siteShare : householdShare);
    return this.find((key) => this.#keys.get(key)?.some(isGreedy) === true);
  }

  /** The first evictable key of the source with the most keys, if it has more than `share`. */
  findGreediest(share: number): PublicKey | undefined {
    let [found, most]: [PublicKey | undefined, number] = [undefined, share];
    for (const [key, groups] of this.#keys) {
      const count = Math.max(0, ...groups.map((group) => this.count(group)));
      if (count > most && this.#evictable?.has(key) !== false) [found, most] = [key, count];
    }
    return found;
  }

  #addToCounts(key: PublicKey, count: number): void {
    for (const group of this.#keys.get(key) ?? []) this.#counts.set(group, this.count(group) + count);
  }
}

function describePending({ key, registration: { source } }: OurPeer): Candidate {
  if (source === undefined) return { key, groups: [] };
  return { key, groups: source === BROADCAST_SOURCE ? [source] : [source, deriveSite(source)] };
}

function describeConnected({ key, endpoint }: OurPeer): Candidate {
  if (endpoint === undefined) return { key, groups: [] };
  const household = deriveHousehold(endpoint);
  // For IPv4, the contract counts only single addresses here.
  return { key, groups: household.includes(':') ? [household, deriveSite(household)] : [household] };
}

function isSite(group: Source): boolean {
  return /\/(24|48)$/.test(group);
}

function compare(one: number, other: number): number {
  return one === other ? 0 : one < other ? -1 : 1;
}
