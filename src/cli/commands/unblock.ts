import { parsePublicKey } from '../../core/public-key.ts';
import { isListed, removeFromList } from '../../system/disallowed-list.ts';
import { type Call, readWord } from '../call.ts';
import { beginEditing, type EditOptions, finishEditing } from '../editing/editing.ts';

/** `wgkex unblock KEY`: let a key in again when its router asks. False where it was not blocked. */
export async function run({ args: [text = ''], options }: Call<EditOptions>): Promise<boolean> {
  const key = readWord(parsePublicKey, text);
  const editing = beginEditing(options);
  const { config, dryRun, log } = editing;
  const file = config.disallowed_keys;
  const isGood = dryRun ? isListed(key, config) : await removeFromList(key, config);
  if (isGood) log.info('unblocked', { key, by: 'operator' });
  const list = { file, outcome: isGood ? 'removed' : 'absent' } as const;
  const complaints = isGood ? [] : [`Cannot unblock ${key}: it is not in ${file}`];
  return finishEditing({ key, dryRun, isGood, list, domains: [], complaints }, editing, options);
}
