import type { DomainConfig } from '../../config/config.ts';
import { type PublicKey, parsePublicKey } from '../../core/values/public-key.ts';
import { findDomains } from '../gateway/configuration.ts';
import { type Call, readWord } from '../terminal/call.ts';
import { type DomainEdit, describeReason } from './domain-edit.ts';
import { beginEditing, type Editing, finishEditing, type NamingOptions } from './editing.ts';
import { readNaming } from './naming.ts';

/** Edits one key in the domain that is named before the key. */
export async function editNamedDomain(
  { args: [name = '', text = ''], options }: Call<NamingOptions>,
  edit: (key: PublicKey, domain: DomainConfig, editing: Editing) => Promise<DomainEdit>,
): Promise<boolean> {
  const key = readWord(parsePublicKey, text);
  const editing = beginEditing(options, readNaming(key, options));
  const named = findDomains(editing.config, options.config, name);
  const domains = await Promise.all(named.map((domain) => edit(key, domain, editing)));
  const complaints = domains.flatMap(describeReason);
  const isGood = complaints.length === 0;
  return finishEditing({ key, dryRun: editing.dryRun, isGood, domains, complaints }, editing, options);
}
