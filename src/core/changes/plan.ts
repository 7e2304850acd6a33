import { type Decision, type DomainView, decideAdmission } from '../decisions/admission.ts';
import type { ErrorCode, Exchange } from '../exchange/exchange.ts';
import { buildEntries, type EntryKind } from '../kernel/fdb.ts';
import {
  buildAddPeer,
  buildDeleteEntry,
  buildDeleteRoute,
  buildEnsureEntry,
  buildEnsureRoute,
  buildRemovePeer,
  buildResetPeer,
} from '../kernel/words.ts';
import type { Router } from '../peers/address-plan.ts';
import type { LinkAddress } from '../values/derived-address.ts';
import type { InterfaceName } from '../values/names.ts';
import type { PublicKey } from '../values/public-key.ts';
import { registerDecision } from './registering.ts';

/** What is done for one key. */
export interface PeerChange {
  readonly kind: 'keep' | 'reset' | 'add';
  readonly router: Router;
  /** With the addresses that they have, or would have. */
  readonly evicted: readonly Router[];
  /** Addresses that no peer has any more: of evicted peers, and its own by another derivation. */
  readonly vacated?: readonly Router[];
}

/** And for whom. */
export interface Change<E extends Exchange> extends PeerChange {
  readonly exchanges: E[];
}

export interface Plan<E extends Exchange> {
  readonly refused: readonly { readonly exchange: E; readonly code: ErrorCode }[];
  readonly changes: readonly Change<E>[];
  /** For the record, before any of it is done. */
  readonly lines: readonly string[];
}

/** How the entries of a domain are made. */
export interface EntrySettings {
  readonly wireguard: InterfaceName;
  readonly vxlan: InterfaceName;
  readonly fdb: readonly EntryKind[];
  readonly route: boolean;
}

/**
 * Decides exchanges one after the other, each on what the ones before it leave behind: `view` keeps up. Changes are to
 * be applied in their order. Exchanges for one key share a change; the one that resets counts.
 */
export function planChanges<E extends Exchange>(exchanges: readonly E[], view: DomainView): Plan<E> {
  const refused: { exchange: E; code: ErrorCode }[] = [];
  const changes = new Set<Change<E>>();
  const latest = new Map<PublicKey, Change<E>>();
  const lines: string[] = [];
  for (const exchange of exchanges) {
    const earlier = latest.get(exchange.key);
    const decision = isDecided(earlier, view) ? KEEP : decideAdmission(exchange, view);
    if (decision.kind === 'refuse') {
      refused.push({ exchange, code: decision.code });
      continue;
    }
    const recorded = registerDecision(decision, exchange, view);
    lines.push(...recorded.lines);
    if (earlier !== undefined && decision.kind === 'keep') {
      earlier.exchanges.push(exchange);
      continue;
    }
    // One that keeps a session gives way. One that a later change undid stays: that change rests on it.
    const shared = earlier?.kind === 'keep' && changes.delete(earlier) ? earlier.exchanges : [];
    const change = { ...recorded.change, exchanges: [...shared, exchange] };
    changes.add(change);
    latest.set(exchange.key, change);
  }
  return { refused, changes: [...changes], lines };
}

/** The words for `wg set`. */
export function buildPeerWords({ kind, router, evicted }: PeerChange): string[] {
  const removals = evicted.flatMap(({ key }) => buildRemovePeer(key));
  if (kind === 'add') return [...removals, ...buildAddPeer(router.key, router.address)];
  return kind === 'reset' ? [...removals, ...buildResetPeer(router.key, router.address)] : [];
}

/** The lines for `bridge -batch`. */
export function buildEntryLines({ router, vacated = [] }: PeerChange, settings: EntrySettings): string[] {
  return [
    ...vacated.flatMap((old) => buildEntryRemoval(old, settings)),
    ...buildEntries(router, settings.fdb, settings.wireguard).flatMap((entry) =>
      buildEnsureEntry(entry, settings.vxlan),
    ),
  ];
}

/** The lines for `ip -6 -batch`; none where the domain keeps no routes. */
export function buildRouteLines({ router, vacated = [] }: PeerChange, settings: EntrySettings): string[] {
  const { route, wireguard } = settings;
  return [
    ...vacated.flatMap((old) => buildRouteRemoval(old, settings)),
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

/** False for a key that has lost its place to another one of the same batch since. */
function isDecided(change: PeerChange | undefined, { peers }: DomainView): boolean {
  return change !== undefined && change.kind !== 'keep' && peers.ours.has(change.router.key);
}
