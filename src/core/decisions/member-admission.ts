import type { ErrorCode } from '../exchange/exchange.ts';
import type { Lease, LeasedAddresses } from '../leases/lease.ts';
import { findRouter } from '../leases/leased-plan.ts';
import { isProofOf } from '../leases/proof.ts';
import type { ThirdLine } from '../leases/third-line.ts';
import { listNetworks } from '../peers/address-plan.ts';
import type { DomainName } from '../values/names.ts';
import type { PublicKey } from '../values/public-key.ts';
import type { UnixSeconds } from '../values/time.ts';
import { type Asked, askAbout, type Decision, type DomainView, findKeeping, findProhibition } from './admission.ts';

/** A member's request for a domain with leases. */
export interface MemberRequest {
  readonly domain: DomainName;
  /** The domain as it was sent. */
  readonly name: string;
  readonly key: PublicKey;
  readonly line: ThirdLine;
}

/**
 * Why a lease does not serve a request; undefined if it may. `lease` is the one with the ID of the request, whatever its
 * domain. Neither the answer nor its time says whether there is one.
 */
export function judgeProof(
  lease: Lease | undefined,
  { domain, name, key, line }: MemberRequest,
  now: UnixSeconds,
): ErrorCode | undefined {
  const isRight = isProofOf(lease?.secret, line.proof, { name, key, nonce: line.nonce });
  if (!isRight || lease?.domain !== domain) return 'INVALID_TOKEN';
  if (lease.ended !== undefined || (lease.expires !== undefined && lease.expires <= now)) return 'EXPIRED';
  return lease.key !== undefined && lease.key !== key ? 'TOKEN_USED' : undefined;
}

/** What other leases say about a key. */
export interface KeyFacts {
  /** A lease of the domain that lasts is bound to it. */
  readonly isLeased: (key: PublicKey) => boolean;
}

/** Why a key cannot have a lease that waits for one; undefined if it can. */
export function judgeNewKey(
  { usedKeys }: Lease,
  key: PublicKey,
  view: DomainView,
  { isLeased }: KeyFacts,
): ErrorCode | undefined {
  if (isLeased(key) || usedKeys.includes(key)) return 'PROHIBITED_WGKEY';
  return view.lists.problems.length > 0 ? 'FAILED' : undefined;
}

/** Why a key cannot have a peer, with this lease or any other. */
export function judgeKey(key: PublicKey, view: DomainView, lease?: Lease): ErrorCode | undefined {
  // A pool that was made smaller makes such a peer look like the operator's.
  if (lease?.key === key && view.peers.isOperators(key) && hasAddressesOf(lease, key, view)) return undefined;
  return findProhibition(askAbout({ router: view.peers.describe(key) }, view));
}

/** Whether a peer has exactly the addresses of a lease. */
export function hasAddressesOf(lease: LeasedAddresses, key: PublicKey, { peers }: DomainView): boolean {
  const router = findRouter(key, lease);
  const allowedIps = peers.ours.get(key)?.allowedIps ?? peers.findOperators(key)?.allowedIps;
  return router !== undefined && allowedIps !== undefined && isSame(allowedIps, listNetworks(router));
}

/** What a right proof does to the peers; `router` has the addresses of its lease. */
export function decideMember(asked: Asked, view: DomainView): Decision {
  const { router } = asked;
  const question = askAbout(asked, view);
  const known = question.known;
  const isInPlace = known !== undefined && isSame(known.allowedIps, listNetworks(router));
  if (view.peers.isOperators(router.key)) return { kind: 'keep' };
  const keeping = isInPlace ? findKeeping(question) : undefined;
  return keeping ?? { kind: known === undefined ? 'add' : 'reset', evicted: findHolders(asked, view) };
}

/** Those that have an address of the lease without a right to it: it is of this lease alone. */
function findHolders({ router: { key, address, secondAddress } }: Asked, { peers }: DomainView): PublicKey[] {
  const holders = [address, secondAddress].flatMap((one) => (one && peers.findHolder(one)?.key) ?? []);
  return [...new Set(holders)].filter((holder) => holder !== key);
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((network) => other.includes(network));
}
