import type { EditOptions } from '../../editing/editing.ts';
import { editNamedDomain } from '../../editing/named-domain.ts';
import { removeKey } from '../../editing/remove-key.ts';
import type { Call } from '../../terminal/call.ts';

/** `wgkex remove DOMAIN KEY`: take a key away. False where nothing is known of it, or its peer is the operator's. */
export function run(call: Call<EditOptions>): Promise<boolean> {
  return editNamedDomain(call, removeKey);
}
