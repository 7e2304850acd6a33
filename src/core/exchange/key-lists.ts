import type { PublicKey } from '../values/public-key.ts';

/** The operator's lists, as they apply to one domain. */
export interface KeyLists {
  readonly disallowed: ReadonlySet<PublicKey>;
  readonly static: ReadonlySet<PublicKey>;
  /** Undefined if the domain accepts every key. */
  readonly allowed: ReadonlySet<PublicKey> | undefined;
  /** One line for each list that cannot be read: then no new key is admitted, and none is removed. */
  readonly problems: readonly string[];
  /** One line for each thing that prevents the cleanup from removing peers, although keys are admitted. */
  readonly doubts: readonly string[];
  /** One line for each line of a list that is not a key. */
  readonly complaints: readonly string[];
}

/** Whether a peer with this key may stay a peer. */
export function isAllowed(key: PublicKey, { allowed }: Pick<KeyLists, 'allowed'>): boolean {
  return allowed === undefined || allowed.has(key);
}
