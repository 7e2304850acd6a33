import type { InterfaceName } from './domain.ts';
import { FLOOD_MAC, type ForwardingEntry } from './forwarding-entries.ts';
import type { IpAddress } from './ip-address.ts';
import { hostNetwork } from './peer-table.ts';
import type { PublicKey } from './public-key.ts';

/** The words of `wg set` that let a key in with its one address. */
export function buildAddPeer(key: PublicKey, address: IpAddress): string[] {
  return ['peer', key, 'allowed-ips', hostNetwork(address)];
}

export function buildRemovePeer(key: PublicKey): string[] {
  return ['peer', key, 'remove'];
}

/** Forgets the peer's largest timestamp (whitepaper, 5.1): it may have come from a clock that was since set back. */
export function buildResetPeer(key: PublicKey, address: IpAddress): string[] {
  return [...buildRemovePeer(key), ...buildAddPeer(key, address)];
}

/**
 * A line for `bridge -batch`; run again it changes nothing.
 * `replace` takes a learned entry over and makes it permanent, where `append` would silently leave it as it is; the
 * flood list has many destinations, for which the kernel knows `append` alone.
 */
export function buildEnsureEntry(entry: ForwardingEntry, vxlan: InterfaceName): string {
  return `fdb ${entry.mac === FLOOD_MAC ? 'append' : 'replace'} ${describeEntry(entry, vxlan)}`;
}

/**
 * Lines for `bridge -batch` after which the entry is gone.
 * Deleting what is not there would end the batch, so it is made sure of first.
 */
export function buildDeleteEntry(entry: ForwardingEntry, vxlan: InterfaceName): string[] {
  return [buildEnsureEntry(entry, vxlan), `fdb del ${describeEntry(entry, vxlan)}`];
}

/** A line for `ip -6 -batch`. */
export function buildEnsureRoute(address: IpAddress, wireguard: InterfaceName): string {
  return `route replace ${hostNetwork(address)} dev ${wireguard}`;
}

/** Lines for `ip -6 -batch` after which the route is gone; see {@link buildDeleteEntry}. */
export function buildDeleteRoute(address: IpAddress, wireguard: InterfaceName): string[] {
  return [buildEnsureRoute(address, wireguard), `route del ${hostNetwork(address)} dev ${wireguard}`];
}

/** `via` and `dst` are never left out: without them the kernel deletes the whole flood list, or nothing. */
function describeEntry({ mac, destination, via }: ForwardingEntry, vxlan: InterfaceName): string {
  return `${mac} dev ${vxlan} dst ${destination} via ${via}`;
}
