import type { IpAddress } from '../values/ip-address.ts';
import type { DomainName } from '../values/names.ts';
import type { PublicKey } from '../values/public-key.ts';
import type { UnixSeconds } from '../values/time.ts';

/** Names a lease: 8 characters of `[a-z2-7]`. Made only by `credentials.ts`. */
export type LeaseId = string & { readonly __brand: 'LeaseId' };

/** What a member types, besides the ID: 26 characters of `[a-z2-7]`, 130 bits. Nothing but the first mail has it. */
export type Token = string & { readonly __brand: 'Token' };

/** K of the contract, made from a token: 64 lower-case hexadecimal digits. Anyone who has it can use the lease. */
export type Secret = string & { readonly __brand: 'Secret' };

/** The addresses of a bound lease, one for each pool of its domain. */
export interface LeasedAddresses {
  readonly address4: IpAddress | undefined;
  readonly address6: IpAddress | undefined;
}

/** One row of the table: an operator's promise of an address to a member, until it ends. */
export interface Lease extends LeasedAddresses {
  readonly id: LeaseId;
  readonly secret: Secret;
  readonly domain: DomainName;
  readonly email: string | undefined;
  readonly note: string | undefined;
  /** Of a shop; unique. */
  readonly orderId: string | undefined;
  readonly created: UnixSeconds;
  /** The end date; undefined if the lease has none. */
  readonly expires: UnixSeconds | undefined;
  /** When it was ended by a pass after its end date, or revoked; undefined while it lasts. */
  readonly ended: UnixSeconds | undefined;
  /** The key that it is bound to. An ended lease keeps key and addresses until somebody needs the address. */
  readonly key: PublicKey | undefined;
  readonly bound: UnixSeconds | undefined;
  /** Keys that were released from it: no proof binds them again. */
  readonly usedKeys: readonly PublicKey[];
  /** The days before the end date for which a reminder was sent; empty again after another end date. */
  readonly reminded: readonly number[];
}

/** A lease that waits for its first key. */
export const UNBOUND = {
  ended: undefined,
  key: undefined,
  address4: undefined,
  address6: undefined,
  bound: undefined,
  usedKeys: [],
  reminded: [],
} as const satisfies Partial<Lease>;
