import type { EntrySettings, PeerChange } from './changes.ts';
import type { Router } from './derivations.ts';
import { buildEntries } from './forwarding-entries.ts';
import type { MacAddress } from './link-address.ts';

/** A thing in the kernel that is made, unmade or left as it is for a router; `set` is also right where it is there. */
export interface Effect {
  readonly action: PeerChange['kind'] | 'remove' | 'set';
  readonly what: 'peer' | 'forwarding entry' | 'route';
  readonly router: Router;
  /** Of a forwarding entry. */
  readonly mac?: MacAddress;
}

/** What a change does, in its order. */
export function listEffects({ kind, router, evicted, former }: PeerChange, settings: EntrySettings): Effect[] {
  return [
    ...evicted.flatMap((old) => listRemovalEffects(old, settings)),
    ...(former === undefined ? [] : listForwarding('remove', former, settings)),
    { action: kind, what: 'peer', router },
    ...listForwarding('set', router, settings),
  ];
}

/** What the removal of a router does. */
export function listRemovalEffects(router: Router, settings: EntrySettings): Effect[] {
  return [{ action: 'remove', what: 'peer', router }, ...listForwarding('remove', router, settings)];
}

function listForwarding(action: 'set' | 'remove', router: Router, { fdb, wireguard, route }: EntrySettings): Effect[] {
  const entries = buildEntries(router, fdb, wireguard);
  return [
    ...entries.map(({ mac }) => ({ action, what: 'forwarding entry', router, mac }) as const),
    ...(route ? [{ action, what: 'route', router } as const] : []),
  ];
}
