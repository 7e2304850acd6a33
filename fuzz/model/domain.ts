import { BROADCAST } from '../arbitraries/histories.ts';
import { deriveAddress, type Variant } from './key.ts';
import { findHeldAddress, isUnmarked, type KernelPeer } from './ownership.ts';
import { groupBy, householdOf, siteOf, sourceOf } from './sources.ts';

export interface ModelSettings {
  readonly variant: Variant;
  readonly maxPeers: number;
  readonly maxPending: number;
  readonly staleAfterSeconds: number;
  /** The key of the gateway itself. */
  readonly ownKey: string;
  readonly ownAddress: string;
}

/** A permitted outcome of a request. If the contract leaves open which peer is evicted, `evictable` has all of them. */
export type Judgement =
  | { readonly reply: 'PROHIBITED_WGKEY' | 'ADDRESS_TAKEN' | 'BUSY' | 'FULL' | 'FAILED' }
  | { readonly reply: 'OK'; readonly does: 'keep' }
  | { readonly reply: 'OK'; readonly does: 'reset' | 'add'; readonly evictable: readonly string[] };

/** The record as the contract describes it: everything that wgkex knows about a key that it registered. */
interface Entry {
  addedAt: number;
  changedAt: number;
  wasReset: boolean;
  isProtected: boolean;
  /** An address of the household that it counts for. */
  from: string | undefined;
  heard: { readonly at: number; readonly readAt: number } | undefined;
}

/** An entry as the product stores it. */
interface AdoptedEntry extends Pick<Entry, 'isProtected' | 'heard'> {
  readonly registeredAt: number;
  readonly pendingSince: number;
  readonly isReset: boolean;
  readonly source: string | undefined;
}

/** An address, an address of the household that held it, and the start of the hold. */
export interface Hold {
  readonly address: string;
  readonly from: string | undefined;
  readonly at: number;
}

const NOWHERE = 'nowhere';

/**
 * A second version of the contract's "Whose peer it is", "Admission" and "Limits": with plain maps, no order of
 * rules but that of the table, and every number counted when it is needed.
 */
export class DomainModel {
  readonly settings: ModelSettings;
  unix: number;
  monotonic: number;
  readonly peers = new Map<string, KernelPeer>();
  readonly record = new Map<string, Entry>();
  readonly claims = new Map<string, unknown>();
  readonly disallowed = new Set<string>();
  readonly statics = new Set<string>();
  allowed: Set<string> | undefined;
  isListBroken = false;
  isRecordBroken = false;
  readonly #holds = new Map<string, number>();

  constructor(settings: ModelSettings, { unix, monotonic }: { readonly unix: number; readonly monotonic: number }) {
    this.settings = settings;
    this.unix = unix;
    this.monotonic = monotonic;
  }

  addressOf(key: string): string {
    return deriveAddress(key, this.settings.variant).address;
  }

  isOurs(key: string): boolean {
    const peer = this.peers.get(key);
    return peer !== undefined && this.record.has(key) && !this.statics.has(key) && isUnmarked(key, peer);
  }

  heldBy(key: string): string | undefined {
    const peer = this.peers.get(key);
    return peer && findHeldAddress(key, peer);
  }

  /** Each reading remembers handshakes, and drops keys that are not peers and never had one from the record. */
  read(): void {
    for (const key of this.statics) this.record.delete(key);
    for (const [key, entry] of this.record) {
      const at = this.peers.get(key)?.handshake ?? 0;
      if (at > 0 && at !== entry.heard?.at) {
        entry.heard = { at, readAt: this.monotonic };
        entry.from = undefined;
      }
      if (!this.peers.has(key) && entry.heard === undefined) this.record.delete(key);
    }
  }

  judge(key: string, from: string | undefined): Judgement {
    const isBarred = this.disallowed.has(key) || this.statics.has(key) || key === this.settings.ownKey;
    if (isBarred) return { reply: 'PROHIBITED_WGKEY' };
    if (this.allowed !== undefined && !this.allowed.has(key)) return { reply: 'PROHIBITED_WGKEY' };
    if (this.peers.has(key)) return this.isOurs(key) ? this.#judgeKnown(key, from) : { reply: 'PROHIBITED_WGKEY' };
    if (this.isListBroken || this.isRecordBroken) return { reply: 'FAILED' };
    return this.#judgeAddress(key, from) ?? this.#judgeRoom(key, from) ?? { reply: 'OK', does: 'add', evictable: [] };
  }

  /** A request with only one permitted outcome; returns the code of the reply. */
  admit(key: string, from: string | undefined): string {
    const judgement = this.judge(key, from);
    if (judgement.reply !== 'OK') return judgement.reply;
    this.follow(key, from, judgement.does, judgement.does === 'keep' ? undefined : judgement.evictable[0]);
    return judgement.reply;
  }

  /** The keys of wgkex's own peers. */
  get ours(): string[] {
    return [...this.peers.keys()].filter((key) => this.isOurs(key));
  }

  /** Follows a decision: `evicted` is one of the evictable keys. */
  follow(key: string, from: string | undefined, does: 'keep' | 'reset' | 'add', evicted: string | undefined): void {
    if (evicted !== undefined) this.peers.delete(evicted);
    if (does === 'add') this.#add(key, from);
    else this.#noteSource(key, from);
    const entry = this.record.get(key);
    if (entry !== undefined && does === 'reset') Object.assign(entry, { changedAt: this.monotonic, wasReset: true });
    if (does === 'keep') return;
    this.peers.set(key, {
      networks: [`${this.addressOf(key)}/128`],
      handshake: 0,
      endpoint: undefined,
      hasPresharedKey: false,
      hasKeepalive: false,
    });
  }

  /** After a kill, takes over the contents of the record, however much of a batch that is. */
  adopt(registrations: ReadonlyMap<string, AdoptedEntry>, holds: readonly Hold[]): void {
    this.#holds.clear();
    for (const { address, from, at } of holds) this.#holds.set(describeHold(address, from), at);
    this.record.clear();
    for (const [key, { registeredAt, pendingSince, isReset, isProtected, source, heard }] of registrations) {
      const times = { addedAt: pendingSince, changedAt: registeredAt, wasReset: isReset };
      this.record.set(key, { ...times, isProtected, from: source?.replace(/\/.*$/, ''), heard });
    }
  }

  #add(key: string, from: string | undefined): void {
    const hold = describeHold(this.addressOf(key), from);
    const isProtected = this.monotonic - (this.#holds.get(hold) ?? Number.NEGATIVE_INFINITY) >= 3600;
    this.#holds.set(hold, this.monotonic);
    const times = { addedAt: this.monotonic, changedAt: this.monotonic, wasReset: false };
    this.record.set(key, { ...times, isProtected, from, heard: this.record.get(key)?.heard });
  }

  #noteSource(key: string, from: string | undefined): void {
    const entry = this.record.get(key);
    if (entry === undefined || from === BROADCAST || !this.#isPending(key)) return;
    if (entry.from === BROADCAST) entry.from = from;
    if (from === undefined) return;
    const count = (address: string) => this.#countOtherPending(key, householdOf(address));
    if (entry.from === undefined || count(from) < count(entry.from)) entry.from = from;
  }

  #judgeKnown(key: string, from: string | undefined): Judgement {
    const peer = this.peers.get(key);
    const entry = this.record.get(key);
    if (peer === undefined || entry === undefined) throw new Error(`${key} is not known`);
    const isInPlace = this.heldBy(key) === this.addressOf(key);
    const hasConnected = peer.handshake > 0;
    const sinceChange = this.monotonic - entry.changedAt;
    const isLive = hasConnected && this.#ageOf(peer.handshake, entry) <= 180;
    if (isLive && !comesFrom(peer.endpoint, from)) return { reply: 'OK', does: 'keep' };
    if (hasConnected && entry.wasReset && sinceChange < 60) return { reply: 'OK', does: 'keep' };
    if (!hasConnected && isInPlace && sinceChange < 10) return { reply: 'OK', does: 'keep' };
    const takesAddress = isInPlace ? undefined : this.#judgeAddress(key, from);
    if (takesAddress === undefined) return { reply: 'OK', does: 'reset', evictable: [] };
    return takesAddress.reply === 'OK' ? { ...takesAddress, does: 'reset' } : takesAddress;
  }

  /** The rows about an address that is taken; undefined if it is free. */
  #judgeAddress(key: string, from: string | undefined): Exclude<Judgement, { does: 'keep' }> | undefined {
    const address = this.addressOf(key);
    if (this.#isOperatorsAddress(address)) return { reply: 'ADDRESS_TAKEN' };
    const holder = [...this.peers.keys()].find((other) => this.isOurs(other) && this.heldBy(other) === address);
    // Of two claims to one address, the older one counts; otherwise no key could have it.
    const claimant = [...this.claims.keys()].find((other) => this.addressOf(other) === address);
    const isClaimed = claimant !== undefined && claimant !== key;
    if (holder !== undefined && this.#ageOfLast(holder) <= this.settings.staleAfterSeconds)
      return { reply: 'ADDRESS_TAKEN' };
    if (isClaimed) return { reply: 'ADDRESS_TAKEN' };
    if (holder === undefined) return undefined;
    if (this.#ageOfLast(holder) < Number.POSITIVE_INFINITY) return { reply: 'ADDRESS_TAKEN' };
    const entry = this.record.get(holder);
    if (from === BROADCAST && entry?.from !== BROADCAST) return { reply: 'ADDRESS_TAKEN' };
    const isSafe = entry?.isProtected === true && this.monotonic - entry.addedAt < 60;
    return isSafe ? { reply: 'BUSY' } : { reply: 'OK', does: 'add', evictable: [holder] };
  }

  #isOperatorsAddress(address: string): boolean {
    if (address === this.settings.ownAddress) return true;
    if ([...this.statics].some((key) => this.addressOf(key) === address)) return true;
    return [...this.peers].some(([key, { networks }]) => !this.isOurs(key) && networks.includes(`${address}/128`));
  }

  #judgeRoom(key: string, from: string | undefined): Judgement | undefined {
    const ours = [...this.peers.keys()].filter((other) => this.isOurs(other));
    const pending = ours.filter((other) => this.#isPending(other));
    const isPending = this.#ageOfLast(key) > this.settings.staleAfterSeconds;
    const broadcasts = pending.filter((other) => this.record.get(other)?.from === BROADCAST);
    const lacksShare = from === BROADCAST && broadcasts.length + 1 > this.settings.maxPending / 2;
    const lacksPendingRoom = isPending && (lacksShare || pending.length >= this.settings.maxPending);
    if (!lacksPendingRoom && ours.length < this.settings.maxPeers) return undefined;
    if (from === BROADCAST) {
      const oldest = this.#listOldest(broadcasts);
      return oldest.length === 0 ? { reply: 'FULL' } : { reply: 'OK', does: 'add', evictable: oldest };
    }
    const evictable = this.#findEvictablePending(pending, this.claims.has(key));
    if (evictable.length === 0 && !lacksPendingRoom) evictable.push(...this.#findEvictableConnected(ours));
    return evictable.length === 0 ? { reply: 'FULL' } : { reply: 'OK', does: 'add', evictable };
  }

  #findEvictablePending(pending: readonly string[], isClaimant: boolean): string[] {
    if (pending.some((key) => this.#ageOfEntry(key) >= 60)) return this.#listOldest(pending);
    const { maxPending } = this.settings;
    const known = pending.filter((key) => this.record.get(key)?.from !== BROADCAST);
    const groups = (groupOf: (address: string) => string, share: number) =>
      groupBy(known, (key) => this.record.get(key)?.from, groupOf).filter(({ length }) => length > share);
    const greedy = [...groups(householdOf, maxPending / 10), ...groups(siteOf, maxPending / 5)];
    if (greedy.length > 0) return greedy.flatMap((keys) => this.#listOldest(keys));
    return isClaimant ? this.#listOldest(pending.filter((key) => !this.claims.has(key))) : [];
  }

  #ageOfEntry(key: string): number {
    return this.monotonic - (this.record.get(key)?.addedAt ?? Number.NEGATIVE_INFINITY);
  }

  #listOldest(keys: readonly string[]): string[] {
    const most = Math.max(...keys.map((key) => this.#ageOfEntry(key)));
    return keys.filter((key) => this.#ageOfEntry(key) === most);
  }

  #findEvictableConnected(ours: readonly string[]): string[] {
    const connected = ours.filter((key) => !this.#isPending(key));
    const endpoint = (key: string) => this.peers.get(key)?.endpoint;
    const isIpv6 = (key: string) => endpoint(key)?.includes(':') === true;
    const groups = [
      ...groupBy(connected, endpoint, householdOf),
      ...groupBy(connected.filter(isIpv6), endpoint, siteOf),
    ].filter(({ length }) => length > this.settings.maxPeers / 10);
    const silent = (keys: readonly string[]) => keys.filter((key) => this.#ageOfLast(key) >= 180);
    const withSilent = groups.map((keys) => ({ size: keys.length, silent: silent(keys) }));
    const open = withSilent.filter((group) => group.silent.length > 0);
    const most = Math.max(...open.map(({ size }) => size));
    return open
      .filter(({ size }) => size === most)
      .flatMap(({ silent: keys }) => {
        const longest = Math.max(...keys.map((key) => this.#ageOfLast(key)));
        return keys.filter((key) => this.#ageOfLast(key) === longest);
      });
  }

  #countOtherPending(key: string, household: string): number {
    const others = [...this.peers.keys()].filter((other) => other !== key && this.isOurs(other));
    return others.filter((other) => {
      const from = this.record.get(other)?.from;
      return this.#isPending(other) && from !== undefined && householdOf(from) === household;
    }).length;
  }

  #isPending(key: string): boolean {
    const hasConnected = (this.peers.get(key)?.handshake ?? 0) > 0;
    return !hasConnected && this.#ageOfLast(key) > this.settings.staleAfterSeconds;
  }

  /** The age of the last handshake, reported by the kernel or remembered; infinite if there is none. */
  #ageOfLast(key: string): number {
    const entry = this.record.get(key);
    const times = [this.peers.get(key)?.handshake ?? 0, entry?.heard?.at ?? 0].filter((at) => at > 0);
    return Math.min(...times.map((at) => this.#ageOf(at, entry)));
  }

  /** A handshake in the future counts from the time when it was first read. */
  #ageOf(at: number, entry: Entry | undefined): number {
    if (at <= this.unix) return this.unix - at;
    return entry?.heard?.at === at ? this.monotonic - entry.heard.readAt : 0;
  }
}

/** A request without a source matches no endpoint. */
function comesFrom(endpoint: string | undefined, from: string | undefined): boolean {
  return from !== undefined && endpoint !== undefined && sourceOf(from) === sourceOf(endpoint);
}

function describeHold(address: string, from: string | undefined): string {
  return `${address} ${from === undefined ? NOWHERE : householdOf(from)}`;
}
