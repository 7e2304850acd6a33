import type { IpAddress } from '../values/ip-address.ts';
import type { PublicKey } from '../values/public-key.ts';
import type { UnixSeconds } from '../values/time.ts';

/** A key's right to its address, proved by a handshake. */
export interface Claim {
  /** The handshakes that the cleanup saw first and last. */
  readonly first: UnixSeconds;
  readonly last: UnixSeconds;
  /** Since the last one, as counted by the passes of the cleanup. */
  readonly silentSeconds: number;
}
export type Claims = ReadonlyMap<PublicKey, Claim>;

const CLAIM_SECONDS = 30 * 86_400;
/** A pass that comes late says nothing of the time in between: the machine may have been asleep or off. */
const MOST_SECONDS_BETWEEN_PASSES = 3600;
/** A domain has at most so many claims for each peer that it takes. */
const CLAIMS_PER_PEER = 2;

/** How long a claim lasts yet, as far as the passes of the cleanup counted. */
export function findRemainingSeconds({ silentSeconds }: Claim): number {
  return Math.max(0, CLAIM_SECONDS - silentSeconds);
}

/** What a pass of the cleanup knows of the keys that had handshakes. */
export interface Proofs {
  /** The last handshake of each key that ever had one, as far as anybody remembers. */
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

/** A claim of a peer that is there never goes; of the others those go first that cost the least to make. */
function limit(claims: Claims, isPeer: Proofs['isPeer'], most: number): Claims {
  const present = [...claims].filter(([key]) => isPeer(key));
  const absent = [...claims].filter(([key, { silentSeconds }]) => !isPeer(key) && silentSeconds < CLAIM_SECONDS);
  const proved = ({ first, last }: Claim) => last - first;
  const kept = absent.sort(([, a], [, b]) => proved(b) - proved(a)).slice(0, Math.max(0, most - present.length));
  return new Map([...present, ...kept]);
}

/** Who claims which address. */
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
