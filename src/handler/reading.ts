import type { Config, DomainConfig } from '../config.ts';
import type { DomainView } from '../core/admission.ts';
import { PeerTable } from '../core/peer-table.ts';
import type { UnixSeconds } from '../core/peers.ts';
import type { PublicKey } from '../core/public-key.ts';
import type { Log } from '../log.ts';
import { readDisallowedKeys } from '../system/disallowed-keys.ts';
import { readOwnAddresses } from '../system/interfaces.ts';
import { type DomainLock, takeDomainLock } from '../system/lock.ts';
import { readWireguard, requireInterfaces } from '../system/wireguard.ts';

/** What was read under the domain's lock, and is true as long as that is held. */
export interface Reading {
  readonly view: DomainView;
  readonly readAtMilliseconds: number;
  readonly lock: DomainLock;
}

/** Locks the domain and reads what decisions rest on. The lock is the caller's to release. */
export async function openReading(
  domain: DomainConfig,
  config: Config,
  firstSeen: FirstSeen,
  log: Log,
): Promise<Reading> {
  requireInterfaces(domain);
  const lock = await takeDomainLock(config.runtime_directory, domain.name);
  try {
    const { ownKey, peers } = await readWireguard(domain);
    const table = new PeerTable(peers, domain.address);
    firstSeen.update(table.pending);
    const view = { ...readSurroundings(domain, config, log), peers: table, ownKey, firstSeen: firstSeen.find };
    return { view, readAtMilliseconds: performance.now(), lock };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** When each key that never had a handshake was first seen; the kernel does not remember it. */
export class FirstSeen {
  #times = new Map<PublicKey, UnixSeconds>();

  /** Learns of new pending keys and forgets those that are pending no more. */
  update(pending: Iterable<PublicKey>): void {
    const now = readClock();
    this.#times = new Map([...pending].map((key) => [key, this.#times.get(key) ?? now]));
  }

  readonly find = (key: PublicKey): UnixSeconds => this.#times.get(key) ?? readClock();
}

export function readClock(): UnixSeconds {
  return Date.now() / 1000;
}

function readSurroundings(domain: DomainConfig, config: Config, log: Log) {
  const { keys: disallowed, complaints } = readDisallowedKeys(config.disallowed_keys);
  for (const reason of complaints) log.warn('ignored a disallowed key', { reason });
  return {
    disallowed,
    ownAddresses: readOwnAddresses(),
    maxPeers: domain.max_peers,
    maxPending: domain.max_pending,
    staleAfterSeconds: config.cleanup.stale_after_seconds,
  };
}
