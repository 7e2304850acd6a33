import type { EntryKind } from '../kernel/fdb.ts';
import type { Router } from '../peers/address-plan.ts';
import type { InterfaceName } from '../values/names.ts';

/** The change for one key. */
export interface PeerChange {
  readonly kind: 'keep' | 'reset' | 'add';
  readonly router: Router;
  /** With the addresses that they have or would have. */
  readonly evicted: readonly Router[];
  /** Addresses that no peer has any more: those of evicted peers, and the router's own by another derivation. */
  readonly vacated?: readonly Router[];
}

/** How a domain's entries are built. */
export interface EntrySettings {
  readonly wireguard: InterfaceName;
  /** Undefined outside the mesh. */
  readonly vxlan: InterfaceName | undefined;
  readonly fdb: readonly EntryKind[];
  readonly route: boolean;
}
