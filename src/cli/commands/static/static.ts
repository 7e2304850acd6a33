import { exitWithUsageError } from '../../../command-line.ts';
import type { Config, DomainConfig } from '../../../config/config.ts';
import { type PublicKey, parsePublicKey } from '../../../core/values/public-key.ts';
import { RecordFile } from '../../../system/store/record-file.ts';
import { type DomainEdit, describeReason } from '../../editing/domain-edit.ts';
import { beginEditing, type Editing, finishEditing, type NamingOptions } from '../../editing/editing.ts';
import { addListedKey, removeListedKey } from '../../editing/listed-key.ts';
import { readNaming } from '../../editing/naming.ts';
import { releaseKey } from '../../editing/release-key.ts';
import { findDomains } from '../../gateway/configuration.ts';
import { type Call, type CommonOptions, PROGRAM, readWord } from '../../terminal/call.ts';

interface Options extends NamingOptions {
  readonly note?: string;
}

/** `wgkex static add KEY` and `wgkex static remove KEY`: edit the operator's list of static keys. */
export function run({ args: [action, text = ''], options }: Call<Options>): Promise<boolean> {
  if (action === 'add') return addStatic(text, options);
  for (const option of ['note', 'name'] as const)
    if (options[option] !== undefined) exitWithUsageError(PROGRAM, `--${option} is for static add`);
  return removeListedKey(text, options, {
    setting: 'static_keys',
    event: 'static key removed',
    verb: 'remove',
  });
}

/** A peer that has the key stays a peer and becomes the operator's. False if a domain fails. */
async function addStatic(text: string, options: CommonOptions & Options): Promise<boolean> {
  const key = readWord(parsePublicKey, text);
  const editing = beginEditing(options, readNaming(key, options));
  const { config, dryRun } = editing;
  const all = findDomains(config, options.config, undefined);
  // The next program that reads the list drops the key from the record.
  const recorded = new Set(all.filter((domain) => isRecorded(key, domain, config)));
  const list = await addListedKey(key, options.note ?? '', editing, {
    setting: 'static_keys',
    event: 'static key added',
  });
  const domains = await Promise.all(all.map((domain) => leave(key, domain, editing, recorded.has(domain))));
  const complaints = domains.flatMap(describeReason);
  return finishEditing({ key, dryRun, isGood: complaints.length === 0, list, domains, complaints }, editing, options);
}

/** Having nothing to release counts as success. */
async function leave(
  key: PublicKey,
  domain: DomainConfig,
  editing: Editing,
  wasRecorded: boolean,
): Promise<DomainEdit> {
  const edit = await releaseKey(key, domain, editing, wasRecorded);
  if (edit.outcome === 'failed') return edit;
  const { reason: _, ...rest } = edit;
  return rest;
}

/** A record that cannot be read is reported when it is read under the lock. */
function isRecorded(key: PublicKey, domain: DomainConfig, { runtime_directory }: Config): boolean {
  try {
    return new RecordFile(runtime_directory, domain).read()?.registrations.has(key) === true;
  } catch {
    return false;
  }
}
