import { addKey } from '../../editing/add-key.ts';
import type { EditOptions } from '../../editing/editing.ts';
import { editNamedDomain } from '../../editing/named-domain.ts';
import type { Call } from '../../terminal/call.ts';

/** `wgkex add DOMAIN KEY`: let a key in. False where it is refused. */
export function run(call: Call<EditOptions>): Promise<boolean> {
  return editNamedDomain(call, addKey);
}
