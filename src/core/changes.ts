import { type Decision, type DomainView, decideAdmission } from './admission.ts';
import {
  buildAddPeer,
  buildDeleteEntry,
  buildDeleteRoute,
  buildEnsureEntry,
  buildEnsureRoute,
  buildRemovePeer,
  buildResetPeer,
} from './commands.ts';
import type { InterfaceName } from './domain.ts';
import type { ErrorCode, Exchange } from './exchange.ts';
import { buildEntries, type EntryKind } from './forwarding-entries.ts';
import type { LinkAddress } from './link-address.ts';
import type { PeerTable, Router } from './peer-table.ts';
import type { UnixSeconds } from './peers.ts';
import type { PublicKey } from './public-key.ts';

/** What is done for one key. */
export interface PeerChange {
  readonly kind: 'keep' | 'reset' | 'add';
  readonly router: Router;
  readonly evicted: readonly Router[];
}

/** And for whom. */
export interface Change<E extends Exchange> extends PeerChange {
  readonly exchanges: E[];
}

export interface Plan<E extends Exchange> {
  readonly refused: readonly { readonly exchange: E; readonly code: ErrorCode }[];
  readonly changes: readonly Change<E>[];
}

/** How the entries of a domain are made. */
export interface EntrySettings {
  readonly wireguard: InterfaceName;
  readonly vxlan: InterfaceName;
  readonly fdb: readonly EntryKind[];
  readonly route: boolean;
}

/**
 * Decides exchanges one after the other, each on what the ones before it leave behind: `view.peers` keeps up.
 * Changes are to be applied in their order. Exchanges for a key that this batch let in already share its change.
 */
export function planChanges<E extends Exchange>(exchanges: readonly E[], view: DomainView, now: UnixSeconds): Plan<E> {
  const refused: { exchange: E; code: ErrorCode }[] = [];
  const changes: Change<E>[] = [];
  const latest = new Map<PublicKey, Change<E>>();
  for (const exchange of exchanges) {
    const earlier = latest.get(exchange.key);
    const decision = isLetInBy(earlier, view) ? KEEP : decideAdmission(exchange, view, now);
    if (decision.kind === 'refuse') refused.push({ exchange, code: decision.code });
    else if (decision.kind === 'keep' && earlier !== undefined) earlier.exchanges.push(exchange);
    else {
      const change = { ...buildPeerChange(decision, exchange.key, view.peers), exchanges: [exchange] };
      changes.push(change);
      latest.set(exchange.key, change);
    }
  }
  return { refused, changes };
}

/** What a decision means for the kernel; `peers` is as it will be then. */
export function buildPeerChange(
  { kind, evicted: goers = [] }: { readonly kind: PeerChange['kind']; readonly evicted?: readonly PublicKey[] },
  key: PublicKey,
  peers: PeerTable,
): PeerChange {
  const evicted = goers.map((goer) => peers.describe(goer));
  for (const goer of goers) peers.remove(goer);
  if (kind !== 'keep') peers.register(key);
  return { kind, router: peers.describe(key), evicted };
}

/** Whether this rests on what is known of a peer that is there. */
export function restsOnPeer({ kind, evicted }: PeerChange): boolean {
  return kind !== 'add' || evicted.length > 0;
}

/** The words for `wg set`. */
export function buildPeerWords({ kind, router, evicted }: PeerChange): string[] {
  const removals = evicted.flatMap(({ key }) => buildRemovePeer(key));
  if (kind === 'add') return [...removals, ...buildAddPeer(router.key, router.address)];
  return kind === 'reset' ? buildResetPeer(router.key, router.address) : [];
}

/** The lines for `bridge -batch`. */
export function buildEntryLines({ router, evicted }: PeerChange, settings: EntrySettings): string[] {
  return [
    ...evicted.flatMap((old) => buildEntryRemoval(old, settings)),
    ...buildEntries(router, settings.fdb, settings.wireguard).map((entry) => buildEnsureEntry(entry, settings.vxlan)),
  ];
}

/** The lines for `ip -6 -batch`; none where the domain keeps no routes. */
export function buildRouteLines({ router, evicted }: PeerChange, settings: EntrySettings): string[] {
  const { route, wireguard } = settings;
  return [
    ...evicted.flatMap((old) => buildRouteRemoval(old, settings)),
    ...(route ? [buildEnsureRoute(router.address, wireguard)] : []),
  ];
}

/** The lines for `bridge -batch` after which a router has no forwarding entry any more. */
export function buildEntryRemoval(router: LinkAddress, settings: EntrySettings): string[] {
  const entries = buildEntries(router, settings.fdb, settings.wireguard);
  return entries.flatMap((entry) => buildDeleteEntry(entry, settings.vxlan));
}

/** The lines for `ip -6 -batch` after which it has no route any more. */
export function buildRouteRemoval({ address }: LinkAddress, { route, wireguard }: EntrySettings): string[] {
  return route ? buildDeleteRoute(address, wireguard) : [];
}

const KEEP: Decision = { kind: 'keep' };

/** False for a key that has lost its address to a colliding one of the same batch since. */
function isLetInBy(change: PeerChange | undefined, { peers }: DomainView): boolean {
  return change !== undefined && change.kind !== 'keep' && peers.ours.has(change.router.key);
}
