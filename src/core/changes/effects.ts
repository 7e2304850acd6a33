import { buildEntries, type ForwardingEntry } from '../kernel/fdb.ts';
import type { Router } from '../peers/address-plan.ts';
import type { EntrySettings, PeerChange } from './change.ts';

/**
 * A thing that is made, unmade or left as it is for a router; `set` is also right where it is there, `release` leaves a
 * peer to the operator. A claim and a memory are in root's files, all else is in the kernel. A list of effects is the
 * plan: the kernel's lines, a dry run, the JSON and the log are made from it.
 */
export type Effect = { readonly router: Router } & (
  | { readonly what: 'peer'; readonly action: PeerChange['kind'] | 'remove' | 'release' }
  | { readonly what: 'forwarding entry'; readonly action: 'set' | 'remove'; readonly entry: ForwardingEntry }
  | { readonly what: 'route'; readonly action: 'set' | 'remove' }
  | { readonly what: 'claim' | 'memory'; readonly action: 'remove' }
);

/** What a change does, in its order. */
export function listEffects({ kind, router, evicted, vacated = [] }: PeerChange, settings: EntrySettings): Effect[] {
  return [
    ...evicted.map((old) => ({ action: 'remove', what: 'peer', router: old }) as const),
    ...vacated.flatMap((old) => listForwarding('remove', old, settings)),
    { action: kind, what: 'peer', router },
    ...listForwarding('set', router, settings),
  ];
}

/** What takes an addition back that was half done, in its order. */
export function listTakeBackEffects({ router }: PeerChange, settings: EntrySettings): Effect[] {
  return [{ action: 'remove', what: 'peer', router }, ...listForwarding('remove', router, settings)];
}

/** What there is of a key that may not be a peer. */
export interface Traces {
  /** With the address that it has. */
  readonly peer: Router | undefined;
  /** The same, unless another peer has that address. */
  readonly vacated: Router | undefined;
  readonly router: Router;
  readonly hasClaim: boolean;
  /** Something would restore it, or the cleanup knows it. */
  readonly isRemembered: boolean;
}

export function hasTraces({ peer, hasClaim, isRemembered }: Traces): boolean {
  return peer !== undefined || hasClaim || isRemembered;
}

/** What an operator's removal of a key does, in its order. */
export function listForgettingEffects(traces: Traces, settings: EntrySettings): Effect[] {
  const { peer, vacated } = traces;
  return [
    ...listTraceEffects(traces),
    ...(peer === undefined ? [] : [{ action: 'remove', what: 'peer', router: peer } as const]),
    ...(vacated === undefined ? [] : listForwarding('remove', vacated, settings)),
  ];
}

/** What it does to leave a key to the operator. */
export function listReleaseEffects(traces: Traces): Effect[] {
  const { peer } = traces;
  const released = peer && ({ action: 'release', what: 'peer', router: peer } as const);
  return [...listTraceEffects(traces), ...(released === undefined ? [] : [released])];
}

/** What is remembered of a peer goes with it without a word. */
function listTraceEffects({ peer, router, hasClaim, isRemembered }: Traces): Effect[] {
  if (hasClaim) return [{ action: 'remove', what: 'claim', router }];
  return peer === undefined && isRemembered ? [{ action: 'remove', what: 'memory', router }] : [];
}

function listForwarding(action: 'set' | 'remove', router: Router, { fdb, wireguard, route }: EntrySettings): Effect[] {
  const entries = buildEntries(router, fdb, wireguard);
  return [
    ...entries.map((entry) => ({ action, what: 'forwarding entry', router, entry }) as const),
    ...(route ? [{ action, what: 'route', router } as const] : []),
  ];
}
