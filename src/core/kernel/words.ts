import { hostNetwork, listNetworks, type Router } from '../peers/address-plan.ts';
import type { IpAddress } from '../values/ip-address.ts';
import type { InterfaceName } from '../values/names.ts';
import type { PublicKey } from '../values/public-key.ts';
import { FLOOD_MAC, type ForwardingEntry } from './fdb.ts';

/** The `wg set` words that admit a key with nothing but its addresses. */
export function buildAddPeer(router: Router): string[] {
  return ['peer', router.key, 'allowed-ips', listNetworks(router).join(',')];
}

export function buildRemovePeer(key: PublicKey): string[] {
  return ['peer', key, 'remove'];
}

export function buildClearKeepalive(key: PublicKey): string[] {
  return ['peer', key, 'persistent-keepalive', 'off'];
}

/** Forgets the peer's largest timestamp (whitepaper, 5.1): it may come from a clock that has since been set back. */
export function buildResetPeer(router: Router): string[] {
  return [...buildRemovePeer(router.key), ...buildAddPeer(router)];
}

/**
 * Lines for `bridge -batch`; running them again changes nothing.
 * `replace` takes over a learned entry and makes it permanent, where `append` would silently leave it as it is. The
 * flood list has many destinations, for which the kernel supports only `append`. There, an entry without `via`, as
 * scripts make it, would stay alongside ours and double every frame. Deleting it does nothing if only ours is there.
 */
export function buildEnsureEntry(entry: ForwardingEntry, vxlan: InterfaceName): string[] {
  if (entry.mac !== FLOOD_MAC) return [buildMakeEntry(entry, vxlan)];
  return [buildMakeEntry(entry, vxlan), buildUnmakeEntry({ ...entry, via: undefined }, vxlan)];
}

/**
 * Lines for `bridge -batch` that remove the entry, and the same entry without `via`.
 * Deleting a MAC address that has no entry at all would end the batch, so the entry is added first.
 */
export function buildDeleteEntry(entry: ForwardingEntry, vxlan: InterfaceName): string[] {
  const lines = entry.via === undefined ? [buildMakeEntry(entry, vxlan)] : buildEnsureEntry(entry, vxlan);
  return [...lines, buildUnmakeEntry(entry, vxlan)];
}

function buildMakeEntry(entry: ForwardingEntry, vxlan: InterfaceName): string {
  return `fdb ${entry.mac === FLOOD_MAC ? 'append' : 'replace'} ${describeEntry(entry, vxlan)}`;
}

function buildUnmakeEntry(entry: ForwardingEntry, vxlan: InterfaceName): string {
  return `fdb del ${describeEntry(entry, vxlan)}`;
}

/** A line for `ip -6 -batch`. */
export function buildEnsureRoute(address: IpAddress, wireguard: InterfaceName): string {
  return `route replace ${hostNetwork(address)} dev ${wireguard}`;
}

/** Lines for `ip -6 -batch` that remove the route; see {@link buildDeleteEntry}. */
export function buildDeleteRoute(address: IpAddress, wireguard: InterfaceName): string[] {
  return [buildEnsureRoute(address, wireguard), `route del ${hostNetwork(address)} dev ${wireguard}`];
}

/** `dst` is never left out: without it the kernel deletes the whole flood list. */
function describeEntry({ mac, destination, via }: ForwardingEntry, vxlan: InterfaceName): string {
  const words = `${mac} dev ${vxlan} dst ${destination}`;
  return via === undefined ? words : `${words} via ${via}`;
}
