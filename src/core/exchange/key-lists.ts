import type { PublicKey } from '../values/public-key.ts';

/** The operator's lists, as they count for one domain. */
export interface KeyLists {
  readonly disallowed: ReadonlySet<PublicKey>;
  readonly static: ReadonlySet<PublicKey>;
  /** Undefined where the domain takes every key. */
  readonly allowed: ReadonlySet<PublicKey> | undefined;
  /** A line for each list that cannot be read: then no new key is admitted, and none is removed. */
  readonly problems: readonly string[];
  /** A line for each thing that keeps the cleanup from removing anybody, although keys are admitted. */
  readonly doubts: readonly string[];
  /** A line for each line of a list that is not a key. */
  readonly complaints: readonly string[];
}

/** Whether a peer that has this key may stay a peer. */
export function isAllowed(key: PublicKey, { allowed }: Pick<KeyLists, 'allowed'>): boolean {
  return allowed === undefined || allowed.has(key);
}
