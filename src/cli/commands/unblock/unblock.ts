import type { EditOptions } from '../../editing/editing.ts';
import { removeListedKey } from '../../editing/listed-key.ts';
import type { Call } from '../../terminal/call.ts';

/** `wgkex unblock KEY`: let the router of a key register again. False if the key was not blocked. */
export function run({ args: [text = ''], options }: Call<EditOptions>): Promise<boolean> {
  return removeListedKey(text, options, { setting: 'disallowed_keys', event: 'unblocked', verb: 'unblock' });
}
