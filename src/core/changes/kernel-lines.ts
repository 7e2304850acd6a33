import {
  buildAddPeer,
  buildDeleteEntry,
  buildDeleteRoute,
  buildEnsureEntry,
  buildEnsureRoute,
  buildRemovePeer,
  buildResetPeer,
} from '../kernel/words.ts';
import type { InterfaceName } from '../values/names.ts';
import type { Effect } from './effects.ts';

/** The `wg set` words for all effects on peers, in order. */
export function buildPeerWords(effects: readonly Effect[]): string[] {
  return effects.flatMap((effect) => {
    if (effect.what !== 'peer') return [];
    const { action, router } = effect;
    if (action === 'add') return buildAddPeer(router);
    if (action === 'reset') return buildResetPeer(router);
    return action === 'remove' ? buildRemovePeer(router.key) : [];
  });
}

/** The `bridge -batch` lines for all effects on forwarding entries, in order. */
export function buildEntryLines(
  effects: readonly Effect[],
  { vxlan }: { readonly vxlan: InterfaceName | undefined },
): string[] {
  return effects.flatMap((effect) => {
    if (effect.what !== 'forwarding entry' || vxlan === undefined) return [];
    const build = effect.action === 'set' ? buildEnsureEntry : buildDeleteEntry;
    return build(effect.entry, vxlan);
  });
}

/** The `ip -6 -batch` lines for all effects on routes, in order. */
export function buildRouteLines(
  effects: readonly Effect[],
  { wireguard }: { readonly wireguard: InterfaceName },
): string[] {
  return effects.flatMap((effect) => {
    if (effect.what !== 'route') return [];
    const { address } = effect.router;
    return effect.action === 'set' ? [buildEnsureRoute(address, wireguard)] : buildDeleteRoute(address, wireguard);
  });
}
