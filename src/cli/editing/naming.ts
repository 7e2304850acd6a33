import { buildNameLine, type RouterNames } from '../../core/operator/router-names.ts';
import { describeError } from '../../core/values/errors.ts';
import type { PublicKey } from '../../core/values/public-key.ts';
import { parseRouterName, type RouterName } from '../../core/values/router-name.ts';
import { foreseeNaming, type NamingOutcome, nameRouter } from '../../system/host/router-names.ts';
import { readNames } from '../gateway/names.ts';
import { readWord } from '../terminal/call.ts';
import type { Editing, Edits, NamingOptions } from './editing.ts';

/** A key and its new name; undefined takes the name away. */
export interface Naming {
  readonly key: PublicKey;
  readonly name: RouterName | undefined;
}

/** The outcome for the file of names. */
export interface NameEdit {
  readonly file: string;
  readonly outcome: NamingOutcome;
  /** The line that was written. */
  readonly line?: string;
}

/** The name that `--name` gives to a key; undefined without that option. */
export function readNaming(key: PublicKey, { name }: NamingOptions): Naming | undefined {
  return name === undefined ? undefined : { key, name: readWord(parseRouterName, name) };
}

export function applyNaming(naming: Naming | undefined, names: RouterNames): RouterNames {
  const after = new Map(names);
  if (naming?.name !== undefined) after.set(naming.key, naming.name);
  else if (naming !== undefined) after.delete(naming.key);
  return after;
}

/**
 * Writes the name last: a key that was refused gets none, and a key is blocked even if the file of names cannot be
 * written.
 */
export async function completeNaming(edits: Edits, editing: Editing): Promise<Edits> {
  const { naming } = editing;
  const isDone = edits.isGood || edits.list !== undefined;
  if (naming === undefined || !isDone) return edits;
  try {
    const edit = await editNames(naming, editing);
    if (edit.outcome !== 'absent') return { ...edits, naming: edit };
    const complaint = `Cannot remove the name of ${naming.key}: it is not in ${edit.file}`;
    return { ...edits, naming: edit, isGood: false, complaints: [...edits.complaints, complaint] };
  } catch (error) {
    return { ...edits, isGood: false, complaints: [...edits.complaints, describeError(error)] };
  }
}

/** @throws Error with one line if the file cannot be read or written. */
async function editNames({ key, name }: Naming, { config, dryRun, log }: Editing): Promise<NameEdit> {
  const { router_names: file, runtime_directory: runtimeDirectory } = config;
  const { names: before } = readNames(config);
  const outcome = dryRun
    ? foreseeNaming(key, name, file)
    : await nameRouter(key, name, { path: file, runtimeDirectory });
  if (outcome === 'removed') log.report('name removed', { key, name: before.get(key), by: 'operator' });
  if (outcome !== 'added' && outcome !== 'changed') return { file, outcome };
  log.report('named', { key, name, by: 'operator' });
  return { file, outcome, ...(name !== undefined && { line: buildNameLine(key, name) }) };
}
