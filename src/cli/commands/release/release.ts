import type { EditOptions } from '../../editing/editing.ts';
import { editNamedDomain } from '../../editing/named-domain.ts';
import { releaseKey } from '../../editing/release-key.ts';
import type { Call } from '../../terminal/call.ts';

/** `wgkex release DOMAIN KEY`: leave a peer to the operator. False where it is not wgkex's. */
export function run(call: Call<EditOptions>): Promise<boolean> {
  return editNamedDomain(call, releaseKey);
}
