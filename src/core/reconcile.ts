import type { AddressVariant } from './address-variant.ts';
import type { EntrySettings } from './changes.ts';
import { buildEntries, type ForwardingEntry, identifyEntry, isDerivedEntry } from './forwarding-entries.ts';
import type { IpAddress } from './ip-address.ts';
import { findDerivedMac, type LinkAddress } from './link-address.ts';
import { hostNetwork } from './peer-table.ts';
import type { Peer } from './peers.ts';

/** What must be made, and what must go, so that the kernel has exactly what our peers need. */
export interface Difference<T> {
  readonly missing: readonly T[];
  readonly orphaned: readonly T[];
}

/**
 * Compares the forwarding entries that exist with those that our routers need. Orphaned are entries that wgkex could
 * have made and that no router needs, unless one of the operator's peers has their destination.
 */
export function compareEntries(
  existing: readonly ForwardingEntry[],
  routers: readonly LinkAddress[],
  operators: Iterable<Peer>,
  { variant, ...settings }: EntrySettings & { readonly variant: AddressVariant },
): Difference<ForwardingEntry> {
  const needed = routers.flatMap((router) => buildEntries(router, settings.fdb, settings.wireguard));
  const { missing, orphaned } = compare(existing, needed, identifyEntry);
  const isOperators = recogniseOperators(operators);
  const isOurs = (entry: ForwardingEntry) =>
    isDerivedEntry(entry, settings.wireguard, variant) && !isOperators(entry.destination);
  return { missing, orphaned: orphaned.filter(isOurs) };
}

/** The same for host routes through the WireGuard interface. */
export function compareRoutes(
  existing: readonly IpAddress[],
  routers: readonly LinkAddress[],
  operators: Iterable<Peer>,
  variant: AddressVariant,
): Difference<IpAddress> {
  const { missing, orphaned } = compare(
    existing,
    routers.map(({ address }) => address),
    String,
  );
  const isOperators = recogniseOperators(operators);
  const isOurs = (address: IpAddress) => findDerivedMac(address, variant) !== undefined && !isOperators(address);
  return { missing, orphaned: orphaned.filter(isOurs) };
}

function compare<T>(existing: readonly T[], needed: readonly T[], identify: (item: T) => string): Difference<T> {
  const has = new Set(existing.map(identify));
  const needs = new Set(needed.map(identify));
  return {
    missing: needed.filter((item) => !has.has(identify(item))),
    orphaned: existing.filter((item) => !needs.has(identify(item))),
  };
}

/** As admission does: a network such as `::/0` of an operator's peer makes no router's address the operator's. */
function recogniseOperators(operators: Iterable<Peer>): (address: IpAddress) => boolean {
  const networks = new Set([...operators].flatMap(({ allowedIps }) => allowedIps));
  return (address) => networks.has(hostNetwork(address));
}
