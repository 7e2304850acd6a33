import type { LeasedConfig } from '../../config/config.ts';
import type { Lease } from '../../core/leases/lease.ts';
import { type IpAddress, parseNetwork } from '../../core/values/ip-address.ts';
import type { Peer } from '../../core/values/peer.ts';
import { readUnlocked } from '../../system/domain/read-unlocked.ts';
import { readAllOwnAddresses } from '../../system/kernel/links.ts';
import { DomainStore } from '../../system/store/domain-store.ts';
import { findLeasedDomains, type Leasing } from './leasing.ts';

/** Why an ended lease cannot have its addresses back; undefined if it can, as far as anybody knows. */
export async function findAddressFault(
  { domain: name, key, address4, address6 }: Lease,
  leasing: Leasing,
): Promise<string | undefined> {
  const domain = findLeasedDomains(leasing.config).find((each) => each.name === name);
  const addresses = [address4, address6].filter((address): address is IpAddress => address !== undefined);
  if (domain === undefined || addresses.length === 0) return undefined;
  const ownAddresses = readAllOwnAddresses();
  const others = (await readOperators(domain, leasing)).filter((peer) => peer.key !== key);
  for (const address of addresses) {
    if (!domain.leased.pool.contains(address)) return `${address} is outside the pool`;
    if (ownAddresses.has(address)) return `${address} is one of this gateway's addresses`;
    const holder = others.find(({ allowedIps }) => allowedIps.some((ip) => parseNetwork(ip).contains(address)));
    if (holder !== undefined) return `${address} is in the allowed IPs of ${holder.key}, which is the operator's`;
  }
  return undefined;
}

/** None if the interface cannot be read: then there is no peer to take an address from. */
async function readOperators(domain: LeasedConfig, { config }: Leasing): Promise<readonly Peer[]> {
  try {
    const { peers } = await readUnlocked(domain, config, new DomainStore(domain, config));
    return [...peers.operators];
  } catch {
    return [];
  }
}
