import type { EditOptions } from '../../editing/editing.ts';
import { refuseToRelease } from '../../editing/members.ts';
import { editNamedDomain } from '../../editing/named-domain.ts';
import { releaseKey } from '../../editing/release-key.ts';
import type { Call } from '../../terminal/call.ts';

/** `wgkex release DOMAIN KEY`: hand a peer over to the operator. False if it is not wgkex's. */
export function run(call: Call<EditOptions>): Promise<boolean> {
  return editNamedDomain(call, async (key, domain, editing) =>
    domain.leased === undefined ? releaseKey(key, domain, editing) : refuseToRelease(key, domain),
  );
}
