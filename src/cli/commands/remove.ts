import type { Call } from '../call.ts';
import type { EditOptions } from '../editing/editing.ts';
import { editNamedDomain } from '../editing/named-domain.ts';
import { removeKey } from '../editing/remove-key.ts';

/** `wgkex remove DOMAIN KEY`: take a key away. False where it is not there, or was set up by hand. */
export function run(call: Call<EditOptions>): Promise<boolean> {
  return editNamedDomain(call, removeKey);
}
