import type { Config, DomainConfig } from '../../config/config.ts';
import type { Obstacle } from '../../core/decisions/obstacles.ts';
import type { RouterNames } from '../../core/operator/router-names.ts';
import { type Claim, findRemainingSeconds } from '../../core/peers/claims.ts';
import { formatDuration } from '../../core/values/duration.ts';
import { abbreviateKey, type PublicKey } from '../../core/values/public-key.ts';
import type { DomainReading } from '../gateway/domain.ts';
import type { Membership } from '../gateway/router.ts';
import { appendName } from '../terminal/words.ts';
import { explainLeaseAbsence } from './lease.ts';

/** Reasons why a key is not there, one sentence each, with the code that its router gets. */
export function explainAbsence(key: PublicKey, membership: Membership, config: Config): string[] {
  const { obstacles, reading, claim } = membership;
  const claims = claim === undefined ? [] : [describeClaim(key, claim, reading)];
  const isLeased = reading.domain.leased !== undefined;
  const last = isLeased ? [explainLeaseAbsence(membership)] : claims;
  if (obstacles.length === 0 && !isLeased)
    return ['nothing keeps it out: it never registered, or it was removed', ...claims];
  const reasons = obstacles.map((obstacle) => {
    const { domain, names, view } = reading;
    const reason = describeObstacle(obstacle, view.peers.describe(key).address, domain, { config, names });
    return obstacle.code === undefined ? reason : `${reason}: ${obstacle.code}`;
  });
  return [...reasons, ...last];
}

function describeClaim(key: PublicKey, claim: Claim, { domain, view }: DomainReading): string {
  const { address } = view.peers.describe(key);
  const rest = formatDuration(findRemainingSeconds(claim));
  return `it claims ${address} for another ${rest}; to end that: wgkex remove ${domain.name} ${key}`;
}

/** `address` is the one that belongs to the key. */
export function describeObstacle(
  { rule, code, holder }: Obstacle,
  address: string,
  domain: DomainConfig,
  { config: { disallowed_keys, static_keys }, names }: { readonly config: Config; readonly names: RouterNames },
): string {
  const other = holder === undefined ? 'another key' : `${abbreviateKey(holder)}${appendName(names.get(holder))}`;
  // The compiler rejects a rule without a sentence.
  switch (rule) {
    case 'disallowed':
      return `the key is in ${disallowed_keys}`;
    case 'static':
      return `the key is in ${static_keys}`;
    case 'not-allowed':
      return `the key is not in ${domain.allowed_keys}`;
    case 'own-key':
      return "it is the gateway's own key";
    case 'operators-peer':
      return "it is one of the operator's peers";
    case 'lists':
      return 'a list of keys cannot be read (see wgkex check)';
    case 'record':
      return 'the record of peers cannot be read or written (see wgkex check)';
    case 'own-address':
      return `${address} is an address of this gateway`;
    case 'operators-address':
      return `${address} belongs to ${other}, which is the operator's`;
    case 'same-address':
      return describeSameAddress(address, other, code);
    case 'peers':
      return `the domain is full (${domain.max_peers} keys); only a key that does not connect can be evicted`;
    case 'pending':
      return `the limit of ${domain.max_pending} keys that never connected is reached; only one of them can be evicted`;
  }
}

function describeSameAddress(address: string, other: string, code: Obstacle['code']): string {
  if (code === undefined) return `${other} has the same address, but would be evicted, as it never had a handshake`;
  if (code === 'BUSY')
    return `${other} has the same address and was registered less than a minute ago: it may still connect`;
  return `${address} belongs to ${other}, which proved it with a handshake`;
}
