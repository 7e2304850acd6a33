import { addKey } from '../../editing/add-key.ts';
import type { EditOptions } from '../../editing/editing.ts';
import { editNamedDomain } from '../../editing/named-domain.ts';
import type { Call } from '../../terminal/call.ts';

/** `wgkex add DOMAIN KEY`: admit a key. False if it is refused. */
export function run(call: Call<EditOptions>): Promise<boolean> {
  return editNamedDomain(call, addKey);
}
