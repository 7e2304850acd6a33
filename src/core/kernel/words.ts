import { hostNetwork } from '../peers/address-plan.ts';
import type { IpAddress } from '../values/ip-address.ts';
import type { InterfaceName } from '../values/names.ts';
import type { PublicKey } from '../values/public-key.ts';
import { FLOOD_MAC, type ForwardingEntry } from './fdb.ts';

/** The words of `wg set` that let a key in with its one address. */
export function buildAddPeer(key: PublicKey, address: IpAddress): string[] {
  return ['peer', key, 'allowed-ips', hostNetwork(address)];
}

export function buildRemovePeer(key: PublicKey): string[] {
  return ['peer', key, 'remove'];
}

export function buildClearKeepalive(key: PublicKey): string[] {
  return ['peer', key, 'persistent-keepalive', 'off'];
}

/** Forgets the peer's largest timestamp (whitepaper, 5.1): it may have come from a clock that was since set back. */
export function buildResetPeer(key: PublicKey, address: IpAddress): string[] {
  return [...buildRemovePeer(key), ...buildAddPeer(key, address)];
}

/**
 * Lines for `bridge -batch`; run again they change nothing.
 * `replace` takes a learned entry over and makes it permanent, where `append` would silently leave it as it is; the
 * flood list has many destinations, for which the kernel knows `append` alone. There an entry without `via`, as scripts
 * make it, would stay alongside ours and double every frame: deleting it does nothing where only ours is there.
 */
export function buildEnsureEntry(entry: ForwardingEntry, vxlan: InterfaceName): string[] {
  if (entry.mac !== FLOOD_MAC) return [buildMakeEntry(entry, vxlan)];
  return [buildMakeEntry(entry, vxlan), buildUnmakeEntry({ ...entry, via: undefined }, vxlan)];
}

/**
 * Lines for `bridge -batch` after which the entry, and one like it without `via`, is gone.
 * Deleting a MAC address that has no entry at all would end the batch, so it is made sure of first.
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

/** Lines for `ip -6 -batch` after which the route is gone; see {@link buildDeleteEntry}. */
export function buildDeleteRoute(address: IpAddress, wireguard: InterfaceName): string[] {
  return [buildEnsureRoute(address, wireguard), `route del ${hostNetwork(address)} dev ${wireguard}`];
}

/** `dst` is never left out: without it the kernel deletes the whole flood list. */
function describeEntry({ mac, destination, via }: ForwardingEntry, vxlan: InterfaceName): string {
  const words = `${mac} dev ${vxlan} dst ${destination}`;
  return via === undefined ? words : `${words} via ${via}`;
}
