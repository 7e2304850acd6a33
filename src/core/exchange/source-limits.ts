import type { Source } from '../values/ip-address.ts';
import { type BucketLimits, TokenBuckets } from './token-buckets.ts';

interface SourceLimits extends BucketLimits {
  /** Connections open at once. */
  readonly connections: number;
}

/** How many times the limit of a source a network may have: an IPv6 /64 itself, the /56 and the /48 around it. */
const SHARES = [1, 4, 16] as const;

/** Limits connections and exchanges of each source, and of the networks around it. */
export class SourceQuota {
  #limits: SourceLimits;
  readonly #connections = new Map<Source, number>();
  readonly #levels: readonly TokenBuckets[];

  constructor(limits: SourceLimits) {
    this.#limits = limits;
    this.#levels = SHARES.map((share) => new TokenBuckets(multiply(limits, share)));
  }

  configure(limits: SourceLimits): void {
    this.#limits = limits;
    for (const [index, share] of SHARES.entries()) {
      const level = this.#levels[index];
      if (level !== undefined) level.limits = multiply(limits, share);
    }
  }

  /** Counts one more connection. Returns false, and counts nothing, if the source has too many already. */
  open(source: Source): boolean {
    const connections = this.#connections.get(source) ?? 0;
    if (connections >= this.#limits.connections) return false;
    this.#connections.set(source, connections + 1);
    return true;
  }

  /** Undoes an {@link open} that returned true. */
  close(source: Source): void {
    const connections = this.#connections.get(source) ?? 0;
    if (connections > 1) this.#connections.set(source, connections - 1);
    else this.#connections.delete(source);
  }

  /**
   * Takes a token for one exchange from the source and each network around it, in the order of `deriveSources`.
   * Returns false, and takes none, if one of them has none.
   */
  takeToken(sources: readonly Source[], nowMilliseconds: number): boolean {
    const buckets = this.#levels.flatMap((level, index) => {
      const source = sources[index];
      return source === undefined ? [] : [{ level, source }];
    });
    if (!buckets.every(({ level, source }) => level.hasToken(source, nowMilliseconds))) return false;
    for (const { level, source } of buckets) level.take(source, nowMilliseconds);
    return true;
  }
}

function multiply({ burst, perSecond, remembered }: BucketLimits, share: number): BucketLimits {
  return { burst: burst * share, perSecond: perSecond * share, remembered };
}
