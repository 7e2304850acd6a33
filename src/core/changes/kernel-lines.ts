import { buildEntries } from '../kernel/fdb.ts';
import {
  buildAddPeer,
  buildDeleteEntry,
  buildDeleteRoute,
  buildEnsureEntry,
  buildEnsureRoute,
  buildRemovePeer,
  buildResetPeer,
} from '../kernel/words.ts';
import type { LinkAddress } from '../values/derived-address.ts';
import type { EntrySettings, PeerChange } from './change.ts';

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
