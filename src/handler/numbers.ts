import { type Config, type DomainConfig, findStaleAfterSeconds, isMesh } from '../config/config.ts';
import { countPeers } from '../core/changes/survey.ts';
import type { DomainNumbers } from '../core/privsep/requests.ts';
import type { DomainName } from '../core/values/names.ts';
import { readUnlocked } from '../system/domain/read-unlocked.ts';
import { readForwardingEntries } from '../system/kernel/fdb.ts';
import { requireInterfaces } from '../system/kernel/wg.ts';
import { DomainStore } from '../system/store/domain-store.ts';
import { type CleanupCounts, NO_CLEANUP } from '../system/store/state.ts';

/** A request within this time gets the previous reading. */
const CACHED_MILLISECONDS = 5000;
/** The most domains that are read at once, so that an exchange does not wait for the programs of all of them. */
const MAX_READING = 4;

/** Reads for the metrics what only root can know about the domains. Takes no locks, so that no router waits. */
export class Numbers {
  readonly #config: Config;
  readonly #files = new Map<DomainName, DomainStore>();
  readonly #cache = new Map<
    DomainName,
    { readonly askedMilliseconds: number; readonly numbers: Promise<DomainNumbers | null> }
  >();
  readonly #waiting: (() => void)[] = [];
  #reading = 0;

  constructor(config: Config) {
    this.#config = config;
  }

  /** Resolves with null if the domain does not exist or cannot be read; never rejects. */
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
    const files = this.#findFiles(domain);
    const [{ peers }, entries] = await Promise.all([
      readUnlocked(domain, this.#config, files),
      isMesh(domain) ? readForwardingEntries(domain) : [],
    ]);
    const { passes, removals, lastPass } = readCleanup(files);
    return {
      ...countPeers(peers, findStaleAfterSeconds(domain, this.#config)),
      entries: entries.filter(({ via }) => via === domain.wireguard).length,
      passes,
      removals,
      lastPass,
    };
  }

  #findFiles(domain: DomainConfig): DomainStore {
    const files = this.#files.get(domain.name) ?? new DomainStore(domain, this.#config);
    this.#files.set(domain.name, files);
    return files;
  }
}

/** Reporting a damaged state is up to the cleanup. */
function readCleanup({ state }: DomainStore): CleanupCounts {
  try {
    return state.read().cleanup;
  } catch {
    return NO_CLEANUP;
  }
}
