import { buildEntries, FLOOD_MAC, type ForwardingEntry, identifyEntry, isDerivedEntry } from '../kernel/fdb.ts';
import type { PeerTable } from '../peers/peer-table.ts';
import { findDerivedMacs } from '../values/derived-address.ts';
import type { IpAddress } from '../values/ip-address.ts';
import type { EntrySettings } from './change.ts';

/** What to add and what to remove, so that the kernel has exactly what our peers need. */
export interface Difference<T> {
  readonly missing: readonly T[];
  readonly orphaned: readonly T[];
}

/**
 * Compares the existing forwarding entries with those that our routers need. An entry is orphaned if wgkex could have
 * made it and no router needs it, unless the operator has its destination. An entry to one of our routers that names no
 * interface is orphaned too: it would double every frame.
 */
export function compareEntries(
  existing: readonly ForwardingEntry[],
  peers: PeerTable,
  { fdb, wireguard }: EntrySettings,
): Difference<ForwardingEntry> {
  const routers = peers.listHeld();
  const needed = routers.flatMap((router) => buildEntries(router, fdb, wireguard));
  const { missing, orphaned } = compare(existing, needed, identifyEntry);
  const addresses = new Map(routers.map(({ address, mac }) => [address, mac]));
  const isDouble = ({ mac, destination, via }: ForwardingEntry) =>
    via === undefined && addresses.has(destination) && (mac === FLOOD_MAC || mac === addresses.get(destination));
  const isLeftOver = (entry: ForwardingEntry) =>
    isDerivedEntry(entry, wireguard) && !peers.isOperatorsAddress(entry.destination);
  return { missing, orphaned: orphaned.filter((entry) => isDouble(entry) || isLeftOver(entry)) };
}

/** The same for host routes through the WireGuard interface. */
export function compareRoutes(existing: readonly IpAddress[], peers: PeerTable): Difference<IpAddress> {
  const needed = peers.listHeld().map(({ address }) => address);
  const { missing, orphaned } = compare(existing, needed, String);
  const isLeftOver = (address: IpAddress) => findDerivedMacs(address).length > 0 && !peers.isOperatorsAddress(address);
  return { missing, orphaned: orphaned.filter(isLeftOver) };
}

function compare<T>(existing: readonly T[], needed: readonly T[], identify: (item: T) => string): Difference<T> {
  const has = new Set(existing.map(identify));
  const needs = new Set(needed.map(identify));
  return {
    missing: needed.filter((item) => !has.has(identify(item))),
    orphaned: existing.filter((item) => !needs.has(identify(item))),
  };
}
