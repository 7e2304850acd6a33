import { exitWithUsageError } from '../../../command-line.ts';
import { parsePublicKey } from '../../../core/values/public-key.ts';
import { parseRouterName } from '../../../core/values/router-name.ts';
import { beginEditing, type EditOptions, finishEditing } from '../../editing/editing.ts';
import { type Call, PROGRAM, readWord } from '../../terminal/call.ts';

interface Options extends EditOptions {
  readonly remove?: boolean;
}

/** `wgkex name KEY NAME` and `wgkex name KEY --remove`: what a router is called. False if there is no name to remove. */
export async function run({ args: [word = '', text], options }: Call<Options>): Promise<boolean> {
  if ((text === undefined) !== (options.remove === true))
    exitWithUsageError(PROGRAM, 'expected either a name or --remove');
  const key = readWord(parsePublicKey, word);
  const name = text === undefined ? undefined : readWord(parseRouterName, text);
  const editing = beginEditing(options, { key, name });
  return finishEditing({ key, dryRun: editing.dryRun, isGood: true, domains: [], complaints: [] }, editing, options);
}
