import type { Config, DomainConfig } from '../config.ts';
import type { DomainView } from '../core/admission.ts';
import { PeerTable } from '../core/peer-table.ts';
import type { UnixSeconds } from '../core/peers.ts';
import type { PublicKey } from '../core/public-key.ts';
import type { Log } from '../log.ts';
import { readDisallowedKeys } from '../system/disallowed-keys.ts';
import { readOwnAddresses } from '../system/interfaces.ts';
import { readWireguard } from '../system/wireguard.ts';

/** Reads everything that decisions about a domain rest on; under its lock, as it is true only that long. */
export async function readDomain(
  domain: DomainConfig,
  config: Config,
  firstSeen: FirstSeen,
  log: Log,
): Promise<DomainView> {
  const { ownKey, peers } = await readWireguard(domain);
  const { keys: disallowed, complaints } = readDisallowedKeys(config.disallowed_keys);
  for (const reason of complaints) log.warn('ignored a disallowed key', { reason });
  const table = new PeerTable(peers, domain.address);
  firstSeen.update(table.pending);
  return {
    peers: table,
    ownKey,
    ownAddresses: readOwnAddresses(),
    disallowed,
    maxPeers: domain.max_peers,
    maxPending: domain.max_pending,
    staleAfterSeconds: config.cleanup.stale_after_seconds,
    firstSeen: firstSeen.find,
  };
}

/**
 * When each key that never had a handshake was first seen; the kernel does not remember it. Kept by a clock that does
 * not jump, and told by the one of the day.
 */
export class FirstSeen {
  #times = new Map<PublicKey, number>();

  /** Learns of new pending keys and forgets those that are pending no more. */
  update(pending: Iterable<PublicKey>): void {
    const now = performance.now() / 1000;
    this.#times = new Map([...pending].map((key) => [key, this.#times.get(key) ?? now]));
  }

  readonly find = (key: PublicKey): UnixSeconds => {
    const now = performance.now() / 1000;
    return readClock() - (now - (this.#times.get(key) ?? now));
  };
}

export function readClock(): UnixSeconds {
  return Date.now() / 1000;
}
