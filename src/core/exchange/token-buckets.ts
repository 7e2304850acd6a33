import type { Source } from '../values/ip-address.ts';

export interface BucketLimits {
  /** The size of a bucket. */
  readonly burst: number;
  /** Tokens that are refilled. */
  readonly perSecond: number;
  /** The largest number of buckets. */
  readonly remembered: number;
}

interface Bucket {
  /** Tokens taken and not refilled yet: this way, new limits apply at once. */
  readonly spent: number;
  /** When `spent` was correct, in milliseconds. */
  readonly at: number;
}

/**
 * A token bucket for each source. Bounded: beyond the limit, the source that took no token for longest is forgotten,
 * which gives it a full bucket again. So an overflow never locks anybody out.
 */
export class TokenBuckets {
  limits: BucketLimits;
  /** In the order of the last token, oldest first. */
  readonly #buckets = new Map<Source, Bucket>();

  constructor(limits: BucketLimits) {
    this.limits = limits;
  }

  get size(): number {
    return this.#buckets.size;
  }

  /** Remembers nothing: a refused source never takes the place of another one. */
  hasToken(source: Source, nowMilliseconds: number): boolean {
    return this.#countSpent(source, nowMilliseconds) + 1 <= this.limits.burst;
  }

  /** Call this only after {@link hasToken}. */
  take(source: Source, nowMilliseconds: number): void {
    const spent = this.#countSpent(source, nowMilliseconds) + 1;
    this.#buckets.delete(source);
    this.#buckets.set(source, { spent, at: nowMilliseconds });
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > this.limits.remembered && oldest !== undefined) this.#buckets.delete(oldest);
  }

  #countSpent(source: Source, now: number): number {
    const { spent, at } = this.#buckets.get(source) ?? { spent: 0, at: now };
    const returned = (Math.max(0, now - at) / 1000) * this.limits.perSecond;
    return Math.max(0, spent - returned);
  }
}
