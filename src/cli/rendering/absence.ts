import type { Config, DomainConfig } from '../../config.ts';
import type { Obstacle } from '../../core/obstacles.ts';
import { abbreviateKey, type PublicKey } from '../../core/public-key.ts';
import type { DomainReading } from '../reading/domain.ts';

/** Why a key is not there, a sentence each, with what its router is told. */
export function explainAbsence(
  key: PublicKey,
  obstacles: readonly Obstacle[],
  reading: DomainReading,
  config: Config,
): string[] {
  if (obstacles.length === 0) return ['nothing is in its way: it never came, or it was removed'];
  return obstacles.map((obstacle) => {
    const reason = describeObstacle(obstacle, reading.table.derive(key).address, reading.domain, config);
    return obstacle.code === undefined ? reason : `${reason}: ${obstacle.code}`;
  });
}

/** `address` is the one that belongs to the key. */
export function describeObstacle(
  { kind, code, holder }: Obstacle,
  address: string,
  domain: DomainConfig,
  { disallowed_keys }: Config,
): string {
  const other = holder === undefined ? 'another key' : abbreviateKey(holder);
  switch (kind) {
    case 'disallowed':
      return `the key is in ${disallowed_keys}`;
    case 'own-key':
      return "it is the gateway's own key";
    case 'own-address':
      return `${address} is an address of this gateway`;
    case 'operators-address':
      return `${address} belongs to ${other}, which was set up by hand`;
    case 'same-address':
      return code === undefined
        ? `${other} has the same address, but makes room, as it had no handshake lately`
        : `${address} belongs to ${other}, which had a handshake lately`;
    case 'peers':
      return `the domain has its ${domain.max_peers} keys, and room only in place of one that does not connect`;
    case 'pending':
      return `${domain.max_pending} keys that never connected are there, and room only in place of one of them`;
  }
}
