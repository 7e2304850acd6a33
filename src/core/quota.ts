import type { Source } from './ip-address.ts';

interface SourceLimits {
  /** Connections open at once. */
  readonly connections: number;
  /** Size of the token bucket: so many exchanges at once. */
  readonly burst: number;
  /** Tokens that come back. */
  readonly perSecond: number;
  /** How many sources are remembered. */
  readonly remembered: number;
}

interface Usage {
  connections: number;
  /** Tokens taken and not yet come back: so that new limits count at once. */
  spent: number;
  /** Milliseconds; when `spent` was true. */
  at: number;
}

/**
 * Connections and exchanges of each source. Bounded: beyond so many the source that was quiet longest is
 * forgotten, which gives it a full bucket again. So an overflow never locks anybody out.
 */
export class SourceTable {
  limits: SourceLimits;
  /** In the order of last use, oldest first. */
  readonly #usages = new Map<Source, Usage>();

  constructor(limits: SourceLimits) {
    this.limits = limits;
  }

  get size(): number {
    return this.#usages.size;
  }

  /** Counts one more connection; false where the source has too many already, and nothing is counted. */
  open(source: Source, nowMilliseconds: number): boolean {
    const usage = this.#touch(source, nowMilliseconds);
    if (usage.connections >= this.limits.connections) return false;
    usage.connections++;
    return true;
  }

  /** Takes back an {@link open} that returned true. */
  close(source: Source): void {
    const usage = this.#usages.get(source);
    if (usage !== undefined) usage.connections--;
  }

  /** Takes a token for one exchange; false where there is none. */
  takeToken(source: Source, nowMilliseconds: number): boolean {
    const usage = this.#touch(source, nowMilliseconds);
    if (usage.spent + 1 > this.limits.burst) return false;
    usage.spent++;
    return true;
  }

  #touch(source: Source, now: number): Usage {
    const usage = this.#usages.get(source) ?? { connections: 0, spent: 0, at: now };
    const returned = (Math.max(0, now - usage.at) / 1000) * this.limits.perSecond;
    usage.spent = Math.max(0, usage.spent - returned);
    usage.at = now;
    this.#usages.delete(source);
    this.#usages.set(source, usage);
    if (this.#usages.size > this.limits.remembered) this.#forgetQuietest();
    return usage;
  }

  /** A source with an open connection is still needed to count its end. */
  #forgetQuietest(): void {
    for (const [source, usage] of this.#usages) {
      if (usage.connections > 0) continue;
      this.#usages.delete(source);
      return;
    }
  }
}
