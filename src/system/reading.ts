import type { Config, DomainConfig } from '../config.ts';
import type { DomainView } from '../core/admission.ts';
import { dropStale } from '../core/handshakes.ts';
import { PeerTable } from '../core/peer-table.ts';
import type { Handshakes, UnixSeconds } from '../core/peers.ts';
import type { Events } from '../log.ts';
import { readDisallowedKeys } from './disallowed-keys.ts';
import { readOwnAddresses } from './interfaces.ts';
import { readWireguard } from './wireguard.ts';

/** Whose domain it is, and what is known of it beside what the kernel knows. */
export interface ReadingContext {
  readonly domain: DomainConfig;
  readonly config: Config;
  readonly log: Events;
  /** Of the domain's state. */
  readonly alive: Handshakes;
  readonly firstSeen: DomainView['firstSeen'];
}

/** Reads everything that decisions about a domain rest on; under its lock, as it is true only that long. */
export async function readDomain({ domain, config, log, alive, firstSeen }: ReadingContext): Promise<DomainView> {
  const { ownKey, peers } = await readWireguard(domain);
  const { keys: disallowed, complaints } = readDisallowedKeys(config.disallowed_keys);
  for (const reason of complaints) log.warn('ignored a disallowed key', { reason });
  const staleAfterSeconds = config.cleanup.stale_after_seconds;
  return {
    peers: new PeerTable(peers, domain.address, dropStale(alive, staleAfterSeconds, readClock())),
    ownKey,
    ownAddresses: readOwnAddresses(),
    disallowed,
    maxPeers: domain.max_peers,
    maxPending: domain.max_pending,
    staleAfterSeconds,
    firstSeen,
  };
}

export function readClock(): UnixSeconds {
  return Date.now() / 1000;
}
