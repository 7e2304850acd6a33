import * as z from 'zod';
import type { PeerChange } from '../core/changes.ts';
import { parseJsonOf } from '../core/json.ts';
import type { UnixSeconds } from '../core/peers.ts';
import { isPublicKey, type PublicKey } from '../core/public-key.ts';
import { readPrivateFile } from './private-file.ts';
import { replaceFile } from './replace-file.ts';

/** Seconds since some moment before the machine's start: a clock that never jumps, the same for all processes. */
type MonotonicSeconds = number;

const timesSchema = z.record(z.string().refine(isPublicKey), z.number().nonnegative());

/**
 * When each key that never had a handshake was first seen; the kernel does not remember it. Kept by a clock that does
 * not jump, in a file that lives as long as the machine runs, and told by the clock of the day.
 */
export class FirstSeen {
  readonly #file: string;
  #times = new Map<PublicKey, MonotonicSeconds>();
  #isSaved = true;

  /** Goes on with what the handler before this one left in `file`; without it all keys count as new. */
  constructor(file: string) {
    this.#file = file;
    this.#times = readTimes(file);
  }

  /** Learns of new pending keys and forgets those that are pending no more. */
  update(pending: ReadonlySet<PublicKey>): void {
    const isKnown = pending.size === this.#times.size && [...pending].every((key) => this.#times.has(key));
    if (isKnown) return;
    const now = readMonotonicClock();
    this.#times = new Map([...pending].map((key) => [key, this.#times.get(key) ?? now]));
    this.#isSaved = false;
  }

  /** Learns what changes do to the pending keys: with thousands of them, not all can be looked at in every batch. */
  note(changes: Iterable<PeerChange>): void {
    const now = readMonotonicClock();
    for (const { kind, router, evicted } of changes) {
      if (kind === 'keep') continue;
      for (const { key } of evicted) this.#times.delete(key);
      if (!this.#times.has(router.key)) this.#times.set(router.key, now);
      this.#isSaved = false;
    }
  }

  readonly find = (key: PublicKey): UnixSeconds => {
    const now = readMonotonicClock();
    return Date.now() / 1000 - (now - (this.#times.get(key) ?? now));
  };

  /** Under the lock of the domain. @throws Error where the file cannot be written. */
  save(): void {
    if (this.#isSaved) return;
    // After a power cut there is nothing to remember.
    replaceFile(this.#file, `${JSON.stringify(Object.fromEntries(this.#times))}\n`, { isSynced: false });
    this.#isSaved = true;
  }
}

/** A file that cannot be read is no reason to refuse anybody: it costs each pending key another minute. */
function readTimes(file: string): Map<PublicKey, MonotonicSeconds> {
  try {
    const times = parseJsonOf(timesSchema, readPrivateFile(file), file);
    return new Map(Object.entries(times) as [PublicKey, MonotonicSeconds][]);
  } catch {
    return new Map();
  }
}

function readMonotonicClock(): MonotonicSeconds {
  return Number(process.hrtime.bigint() / 1_000_000n) / 1000;
}
