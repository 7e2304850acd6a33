import type { AddressPlan, Router } from '../peers/address-plan.ts';
import type { IpAddress } from '../values/ip-address.ts';
import type { PublicKey } from '../values/public-key.ts';
import type { LeasedAddresses } from './lease.ts';
import type { Pool } from './pool.ts';

/** RFC 4291, 2.5.2: the absence of an address. */
const NO_ADDRESS = '::' as IpAddress;

/** Addresses that the table of leases gives: those of a peer are known only from the peer itself. */
export class LeasedPlan implements AddressPlan {
  readonly needsRecord = false;
  readonly #pool: Pick<Pool, 'containsNetwork'>;

  constructor(pool: Pick<Pool, 'containsNetwork'>) {
    this.#pool = pool;
  }

  describe(key: PublicKey, held?: Router): Router {
    return held ?? { key, address: NO_ADDRESS };
  }

  /** All of the allowed IPs are in the pool or, for a key that wgkex registered, were in it before it was made smaller. */
  findHeld(key: PublicKey, allowedIps: readonly string[], isRecorded = false): Router | undefined {
    const [first, second] = allowedIps.map((network) => network.replace(/\/.*$/, '') as IpAddress);
    const isPlanned = allowedIps.every((network) => this.#pool.containsNetwork(network));
    if (first === undefined || !(isPlanned || (isRecorded && allowedIps.every(isHost)))) return undefined;
    return { key, address: first, secondAddress: second };
  }

  findReserved(): undefined {
    return undefined;
  }
}

/** Whether a network is a single address. */
function isHost(network: string): boolean {
  return network.endsWith(network.includes(':') ? '/128' : '/32');
}

/** The member's router of a bound lease; undefined if the lease has no address. */
export function findRouter(key: PublicKey, { address4, address6 }: LeasedAddresses): Router | undefined {
  const [address, secondAddress] = [address4, address6].filter((one) => one !== undefined);
  return address && { key, address, secondAddress };
}
