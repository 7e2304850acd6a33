import { addKey } from '../../editing/add-key.ts';
import type { NamingOptions } from '../../editing/editing.ts';
import { refuseToAdd } from '../../editing/members.ts';
import { editNamedDomain } from '../../editing/named-domain.ts';
import type { Call } from '../../terminal/call.ts';

/** `wgkex add DOMAIN KEY`: admit a key, and name its router. False if it is refused. */
export function run(call: Call<NamingOptions>): Promise<boolean> {
  return editNamedDomain(call, async (key, domain, editing) =>
    domain.leased === undefined ? addKey(key, domain, editing) : refuseToAdd(key, domain),
  );
}
