import { exitWithUsageError } from '../../command-line.ts';
import type { Config } from '../../config/config.ts';
import type { RouterNames } from '../../core/operator/router-names.ts';
import type { PublicKey } from '../../core/values/public-key.ts';
import { ROOT_UMASK } from '../../system/files/trust.ts';
import type { Elsewhere } from '../fleet/remote-block.ts';
import { readConfiguration } from '../gateway/configuration.ts';
import { readNames, summariseComplaints } from '../gateway/names.ts';
import { type CommonOptions, PROGRAM } from '../terminal/call.ts';
import { complain, printJson, printLines } from '../terminal/print.ts';
import { findTerminal } from '../terminal/terminal.ts';
import type { DomainEdit } from './domain-edit.ts';
import { EditLog } from './edit-log.ts';
import { applyNaming, completeNaming, type NameEdit, type Naming } from './naming.ts';
import { describeEdits, renderEdits } from './text.ts';

/** Options of every command that changes something. */
export interface EditOptions {
  readonly dryRun?: boolean;
}

/** Also of those that can name the router of their key. */
export interface NamingOptions extends EditOptions {
  readonly name?: string;
}

/** The context of such a command. */
export interface Editing {
  readonly config: Config;
  readonly log: EditLog;
  /** Of routers, as they are if the command succeeds. */
  readonly names: RouterNames;
  /** To be done when everything else is. */
  readonly naming: Naming | undefined;
  /** Show what would be done, and change nothing. */
  readonly dryRun: boolean;
}

/** The outcome for a list of keys. */
export interface ListEdit {
  readonly file: string;
  readonly outcome: 'added' | 'removed' | 'present' | 'absent';
  /** The line that was added. */
  readonly line?: string;
}

/** The result of such a command, real or hypothetical. */
export interface Edits {
  readonly key: PublicKey;
  readonly dryRun: boolean;
  readonly isGood: boolean;
  readonly list?: ListEdit;
  readonly naming?: NameEdit;
  readonly domains: readonly DomainEdit[];
  /** On the other gateways, if they were asked. */
  readonly elsewhere?: readonly Elsewhere[];
  /** A line for each failure. */
  readonly complaints: readonly string[];
}

export function beginEditing({ config: path, dryRun = false }: CommonOptions & EditOptions, naming?: Naming): Editing {
  if (process.getuid?.() !== 0) exitWithUsageError(PROGRAM, 'it must be run as root');
  process.umask(ROOT_UMASK);
  const config = readConfiguration(path);
  const { names, complaints } = readNames(config);
  for (const complaint of summariseComplaints(complaints)) complain(complaint);
  return { config, log: new EditLog(config.log), dryRun, names: applyNaming(naming, names), naming };
}

/** Reports to the journal and the operator; false if some part of the edit was not done. */
export async function finishEditing(done: Edits, editing: Editing, { json }: CommonOptions): Promise<boolean> {
  const edits = await completeNaming(done, editing);
  const { config, log } = editing;
  const names = edits.naming === undefined ? readNames(config).names : editing.names;
  if (!edits.dryRun) await log.write();
  for (const complaint of edits.complaints) complain(complaint);
  if (json) printJson(describeEdits(edits, names));
  else printLines(renderEdits(edits, names, findTerminal()));
  return edits.isGood;
}
