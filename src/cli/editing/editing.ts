import { exitWithUsageError } from '../../command-line.ts';
import type { Config } from '../../config/config.ts';
import type { PublicKey } from '../../core/values/public-key.ts';
import { ROOT_UMASK } from '../../system/files/trust.ts';
import { readConfiguration } from '../gateway/configuration.ts';
import { type CommonOptions, PROGRAM } from '../terminal/call.ts';
import { complain, printJson, printLines } from '../terminal/print.ts';
import { findTerminal } from '../terminal/terminal.ts';
import type { DomainEdit } from './domain-edit.ts';
import { EditLog } from './edit-log.ts';
import { describeEdits, renderEdits } from './text.ts';

/** Options of every command that changes something. */
export interface EditOptions {
  readonly dryRun?: boolean;
}

/** The context of such a command. */
export interface Editing {
  readonly config: Config;
  readonly log: EditLog;
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
  readonly domains: readonly DomainEdit[];
  /** A line for each failure. */
  readonly complaints: readonly string[];
}

export function beginEditing({ config: path, dryRun = false }: CommonOptions & EditOptions): Editing {
  if (process.getuid?.() !== 0) exitWithUsageError(PROGRAM, 'it must be run as root');
  process.umask(ROOT_UMASK);
  const config = readConfiguration(path);
  return { config, log: new EditLog(config.log), dryRun };
}

/** Reports to the journal and the operator; false if some part of the edit was not done. */
export async function finishEditing(edits: Edits, { log }: Editing, { json }: CommonOptions): Promise<boolean> {
  if (!edits.dryRun) await log.write();
  for (const complaint of edits.complaints) complain(complaint);
  if (json) printJson(describeEdits(edits));
  else printLines(renderEdits(edits, findTerminal()));
  return edits.isGood;
}
