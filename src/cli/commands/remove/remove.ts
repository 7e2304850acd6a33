import type { EditOptions } from '../../editing/editing.ts';
import { removeStranger } from '../../editing/members.ts';
import { editNamedDomain } from '../../editing/named-domain.ts';
import { removeKey } from '../../editing/remove-key.ts';
import type { Call } from '../../terminal/call.ts';

/** `wgkex remove DOMAIN KEY`: remove a key. False if it is unknown or its peer is the operator's. */
export function run(call: Call<EditOptions>): Promise<boolean> {
  return editNamedDomain(call, (key, domain, editing) =>
    domain.leased === undefined ? removeKey(key, domain, editing) : removeStranger(key, domain, editing),
  );
}
