import type { IpAddress } from '../values/ip-address.ts';
import type { PublicKey } from '../values/public-key.ts';
import type { UnixSeconds } from '../values/time.ts';

/** A key's right to its address, proved by a handshake. */
export interface Claim {
  /** The handshakes that the cleanup saw first and last. */
  readonly first: UnixSeconds;
  readonly last: UnixSeconds;
  /** Since the last handshake, as counted by the passes of the cleanup. */
  readonly silentSeconds: number;
}
export type Claims = ReadonlyMap<PublicKey, Claim>;

const CLAIM_SECONDS = 30 * 86_400;
/** A late pass says nothing about the time in between: the machine may have been asleep or off. */
const MOST_SECONDS_BETWEEN_PASSES = 3600;
/** A domain has at most this many claims for each peer that it may have. */
const CLAIMS_PER_PEER = 2;

/** How much longer a claim lasts, as counted by the passes of the cleanup. */
export function findRemainingSeconds({ silentSeconds }: Claim): number {
  return Math.max(0, CLAIM_SECONDS - silentSeconds);
}

/** The knowledge of a cleanup pass about keys with handshakes. */
export interface Proofs {
  /** The last known handshake of each key that ever had one. */
  readonly heard: ReadonlyMap<PublicKey, UnixSeconds>;
  readonly isPeer: (key: PublicKey) => boolean;
}

/** The claims after a pass, `sincePassSeconds` after the one before it. */
export function updateClaims(claims: Claims, proofs: Proofs, sincePassSeconds: number, maxPeers: number): Claims {
  const elapsed = Math.min(Math.max(sincePassSeconds, 0), MOST_SECONDS_BETWEEN_PASSES);
  const aged = new Map<PublicKey, Claim>();
  for (const [key, { silentSeconds, ...claim }] of claims)
    aged.set(key, { ...claim, silentSeconds: silentSeconds + elapsed });
  for (const [key, last] of proofs.heard) {
    const known = claims.get(key);
    if (known?.last !== last) aged.set(key, { first: known?.first ?? last, last, silentSeconds: 0 });
  }
  return limit(aged, proofs.isPeer, maxPeers * CLAIMS_PER_PEER);
}

/** The claim of a current peer is never dropped; of the others, the ones that cost least to make are dropped first. */
function limit(claims: Claims, isPeer: Proofs['isPeer'], most: number): Claims {
  const present = [...claims].filter(([key]) => isPeer(key));
  const absent = [...claims].filter(([key, { silentSeconds }]) => !isPeer(key) && silentSeconds < CLAIM_SECONDS);
  const proved = ({ first, last }: Claim) => last - first;
  const kept = absent.sort(([, a], [, b]) => proved(b) - proved(a)).slice(0, Math.max(0, most - present.length));
  return new Map([...present, ...kept]);
}

/** Which key claims which address. */
export class ClaimTable {
  readonly claims: Claims;
  readonly #claimants = new Map<IpAddress, PublicKey>();

  constructor(claims: Claims, deriveAddress: (key: PublicKey) => IpAddress) {
    this.claims = claims;
    for (const key of claims.keys()) {
      const address = deriveAddress(key);
      if (!this.#claimants.has(address)) this.#claimants.set(address, key);
    }
  }

  has(key: PublicKey): boolean {
    return this.claims.has(key);
  }

  findClaimant(address: IpAddress): PublicKey | undefined {
    return this.#claimants.get(address);
  }
}

export const NO_CLAIMS = new ClaimTable(new Map(), (key) => {
  throw new Error(`${key} has no claim`);
});
