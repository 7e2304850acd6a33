import { buildEntries, type ForwardingEntry } from '../kernel/fdb.ts';
import { isOfMesh, type Router } from '../peers/address-plan.ts';
import type { EntrySettings, PeerChange } from './change.ts';

/**
 * One thing that is created, removed or left alone for a router. `set` is also valid for a thing that exists already;
 * `release` leaves a peer to the operator. Claims and memories are in root's files, everything else is in the kernel.
 * A list of effects is the plan: the kernel's lines, a dry run, the JSON and the log are all made from it.
 */
export type Effect = { readonly router: Router } & (
  | { readonly what: 'peer'; readonly action: PeerChange['kind'] | 'remove' | 'release' }
  | { readonly what: 'forwarding entry'; readonly action: 'set' | 'remove'; readonly entry: ForwardingEntry }
  | { readonly what: 'route'; readonly action: 'set' | 'remove' }
  | { readonly what: 'claim' | 'memory'; readonly action: 'remove' }
);

/** The effects of a change, in order. */
export function listEffects({ kind, router, evicted, vacated = [] }: PeerChange, settings: EntrySettings): Effect[] {
  return [
    ...evicted.map((old) => ({ action: 'remove', what: 'peer', router: old }) as const),
    ...vacated.flatMap((old) => listForwarding('remove', old, settings)),
    { action: kind, what: 'peer', router },
    ...listForwarding('set', router, settings),
  ];
}

/** The effects that undo a half-done addition, in order. */
export function listTakeBackEffects({ router }: PeerChange, settings: EntrySettings): Effect[] {
  return [{ action: 'remove', what: 'peer', router }, ...listForwarding('remove', router, settings)];
}

/** Everything that exists of a key, whether or not it is a peer. */
export interface Traces {
  /** With its current address. */
  readonly peer: Router | undefined;
  /** The same, unless another peer has that address. */
  readonly vacated: Router | undefined;
  readonly router: Router;
  readonly hasClaim: boolean;
  /** It would be restored, or the cleanup knows it. */
  readonly isRemembered: boolean;
}

export function hasTraces({ peer, hasClaim, isRemembered }: Traces): boolean {
  return peer !== undefined || hasClaim || isRemembered;
}

/** The effects of an operator's removal of a key, in order. */
export function listForgettingEffects(traces: Traces, settings: EntrySettings): Effect[] {
  const { peer, vacated } = traces;
  return [
    ...listTraceEffects(traces),
    ...(peer === undefined ? [] : [{ action: 'remove', what: 'peer', router: peer } as const]),
    ...(vacated === undefined ? [] : listForwarding('remove', vacated, settings)),
  ];
}

/** The effects of leaving a key to the operator. */
export function listReleaseEffects(traces: Traces): Effect[] {
  const { peer } = traces;
  const released = peer && ({ action: 'release', what: 'peer', router: peer } as const);
  return [...listTraceEffects(traces), ...(released === undefined ? [] : [released])];
}

/** The memory of a peer is removed along with it, without an effect of its own. */
function listTraceEffects({ peer, router, hasClaim, isRemembered }: Traces): Effect[] {
  if (hasClaim) return [{ action: 'remove', what: 'claim', router }];
  return peer === undefined && isRemembered ? [{ action: 'remove', what: 'memory', router }] : [];
}

function listForwarding(action: 'set' | 'remove', router: Router, { fdb, wireguard, route }: EntrySettings): Effect[] {
  if (!isOfMesh(router)) return [];
  const entries = buildEntries(router, fdb, wireguard);
  return [
    ...entries.map((entry) => ({ action, what: 'forwarding entry', router, entry }) as const),
    ...(route ? [{ action, what: 'route', router } as const] : []),
  ];
}
