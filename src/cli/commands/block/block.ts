import type { DomainConfig } from '../../../config/config.ts';
import { type PublicKey, parsePublicKey } from '../../../core/values/public-key.ts';
import { readWireguard } from '../../../system/kernel/wg.ts';
import { describeReason } from '../../editing/domain-edit.ts';
import { beginEditing, type EditOptions, finishEditing } from '../../editing/editing.ts';
import { addListedKey } from '../../editing/listed-key.ts';
import { removeKey } from '../../editing/remove-key.ts';
import { findDomains } from '../../gateway/configuration.ts';
import { type Call, readWord } from '../../terminal/call.ts';

interface Options extends EditOptions {
  readonly reason?: string;
}

/** `wgkex block KEY`: refuse a key from now on, and remove it. False if it stays a peer of some domain. */
export async function run({ args: [text = ''], options }: Call<Options>): Promise<boolean> {
  const key = readWord(parsePublicKey, text);
  const editing = beginEditing(options);
  const { config, dryRun } = editing;
  const all = findDomains(config, options.config, undefined);
  await requireStranger(key, all);
  const list = await addListedKey(key, options.reason ?? '', editing, { setting: 'disallowed_keys', event: 'blocked' });
  // Every admission reads the list under the domain's lock: from now on none can miss this key.
  const domains = await Promise.all(all.map((domain) => removeKey(key, domain, editing)));
  const complaints = domains.filter(({ outcome }) => outcome !== 'absent').flatMap(describeReason);
  return finishEditing({ key, dryRun, isGood: complaints.length === 0, list, domains, complaints }, editing, options);
}

/** @throws Error for a key of the gateway itself. An interface that cannot be read has no key to confuse. */
async function requireStranger(key: PublicKey, domains: readonly DomainConfig[]): Promise<void> {
  const readings = await Promise.allSettled(domains.map((domain) => readWireguard(domain)));
  const isOwn = readings.some((result) => result.status === 'fulfilled' && result.value.ownKey === key);
  if (isOwn) throw new Error(`Cannot block ${key}: it is the gateway's own key`);
}
