import type { EntryKind } from '../kernel/fdb.ts';
import type { Router } from '../peers/address-plan.ts';
import type { InterfaceName } from '../values/names.ts';

/** What is done for one key. */
export interface PeerChange {
  readonly kind: 'keep' | 'reset' | 'add';
  readonly router: Router;
  /** With the addresses that they have, or would have. */
  readonly evicted: readonly Router[];
  /** Addresses that no peer has any more: of evicted peers, and its own by another derivation. */
  readonly vacated?: readonly Router[];
}

/** How the entries of a domain are made. */
export interface EntrySettings {
  readonly wireguard: InterfaceName;
  readonly vxlan: InterfaceName;
  readonly fdb: readonly EntryKind[];
  readonly route: boolean;
}
