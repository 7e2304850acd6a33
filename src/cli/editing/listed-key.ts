import { buildListLine } from '../../core/exchange/key-list.ts';
import { type PublicKey, parsePublicKey } from '../../core/values/public-key.ts';
import { readClock } from '../../system/domain/moment.ts';
import { addToList, isListed, removeFromList } from '../../system/host/list-editing.ts';
import { type CommonOptions, readWord } from '../terminal/call.ts';
import { formatTime } from '../terminal/words.ts';
import { beginEditing, type Editing, type EditOptions, finishEditing, type ListEdit } from './editing.ts';

/** An edit of a list: which list, and the name of the event in the journal. */
interface Manner {
  readonly setting: 'disallowed_keys' | 'static_keys';
  readonly event: 'blocked' | 'unblocked' | 'static key added' | 'static key removed';
}

/** Puts a key on one of the operator's lists, followed by a comment. */
export async function addListedKey(
  key: PublicKey,
  comment: string,
  { config, dryRun, log, names }: Editing,
  { setting, event }: Manner,
): Promise<ListEdit> {
  const file = config[setting];
  const line = buildListLine(key, comment, formatDay());
  const list = { path: file, runtimeDirectory: config.runtime_directory };
  const isNew = dryRun ? !isListed(key, file) : await addToList(key, line, list);
  if (!isNew) return { file, outcome: 'present' };
  log.report(event, { key, name: names.get(key), by: 'operator', ...(comment === '' ? {} : { reason: comment }) });
  return { file, outcome: 'added', line };
}

/** Takes a key off one of these lists, and nothing else. False if it was not there. */
export async function removeListedKey(
  text: string,
  options: CommonOptions & EditOptions,
  { setting, event, verb }: Manner & { readonly verb: string },
): Promise<boolean> {
  const key = readWord(parsePublicKey, text);
  const editing = beginEditing(options);
  const { config, dryRun, log, names } = editing;
  const file = config[setting];
  const list = { path: file, runtimeDirectory: config.runtime_directory };
  const isGood = dryRun ? isListed(key, file) : await removeFromList(key, list);
  if (isGood) log.report(event, { key, name: names.get(key), by: 'operator' });
  const edit = { file, outcome: isGood ? 'removed' : 'absent' } as const;
  const complaints = isGood ? [] : [`Cannot ${verb} ${key}: it is not in ${file}`];
  return finishEditing({ key, dryRun, isGood, list: edit, domains: [], complaints }, editing, options);
}

/** The current day in the time zone of the operator. */
function formatDay(): string {
  return formatTime(readClock()).slice(0, '2026-11-20'.length);
}
