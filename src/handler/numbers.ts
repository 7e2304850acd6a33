import type { Config, DomainConfig } from '../config.ts';
import type { DomainName } from '../core/domain.ts';
import type { DomainNumbers } from '../core/messages.ts';
import { PeerTable } from '../core/peer-table.ts';
import { countPeers } from '../core/survey.ts';
import { readForwardingEntries } from '../system/forwarding.ts';
import { readClock } from '../system/reading.ts';
import { type CleanupCounts, NO_CLEANUP, StateFile } from '../system/state.ts';
import { readWireguard, requireInterfaces } from '../system/wireguard.ts';

/** Whoever asks more often gets what was read last. */
const CACHED_MILLISECONDS = 5000;
/** Domains that are read at once: an exchange does not wait for the programs of all of them. */
const MAX_READING = 4;

/** Reads, for metrics, what only root can know of the domains; without their locks, so that no router waits. */
export class Numbers {
  readonly #config: Config;
  readonly #stateFiles = new Map<DomainName, StateFile>();
  readonly #cache = new Map<
    DomainName,
    { readonly askedMilliseconds: number; readonly numbers: Promise<DomainNumbers | null> }
  >();
  readonly #waiting: (() => void)[] = [];
  #reading = 0;

  constructor(config: Config) {
    this.#config = config;
  }

  /** Resolves with null where the domain cannot be read, or is none; never rejects. */
  find(name: DomainName): Promise<DomainNumbers | null> {
    const now = performance.now();
    const domain = this.#config.domains.get(name);
    if (domain === undefined) return Promise.resolve(null);
    const cached = this.#cache.get(name);
    if (cached !== undefined && now - cached.askedMilliseconds < CACHED_MILLISECONDS) return cached.numbers;
    const numbers = this.#inTurn(() => this.#read(domain)).catch(() => null);
    this.#cache.set(name, { askedMilliseconds: now, numbers });
    return numbers;
  }

  async #inTurn<T>(read: () => Promise<T>): Promise<T> {
    while (this.#reading >= MAX_READING) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#reading++;
    try {
      return await read();
    } finally {
      this.#reading--;
      this.#waiting.shift()?.();
    }
  }

  async #read(domain: DomainConfig): Promise<DomainNumbers> {
    requireInterfaces(domain);
    const [{ peers }, entries] = await Promise.all([readWireguard(domain), readForwardingEntries(domain)]);
    const { stale_after_seconds } = this.#config.cleanup;
    const { passes, removals, lastPass } = this.#readCleanup(domain);
    return {
      ...countPeers(new PeerTable(peers, domain.address), stale_after_seconds, readClock()),
      entries: entries.filter(({ via }) => via === domain.wireguard).length,
      passes,
      removals,
      lastPass,
    };
  }

  /** A damaged state is for the cleanup to tell. */
  #readCleanup({ name }: DomainConfig): CleanupCounts {
    const file = this.#stateFiles.get(name) ?? new StateFile(this.#config.state_directory, name);
    this.#stateFiles.set(name, file);
    try {
      return file.read().cleanup;
    } catch {
      return NO_CLEANUP;
    }
  }
}
