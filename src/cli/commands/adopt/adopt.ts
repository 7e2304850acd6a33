import { parsePublicKey } from '../../../core/values/public-key.ts';
import { adoptPeers } from '../../editing/adopt-peers.ts';
import { beginEditing } from '../../editing/editing.ts';
import { findDomains } from '../../gateway/configuration.ts';
import { type Call, readWord } from '../../terminal/call.ts';
import { printJson, printLines } from '../../terminal/print.ts';
import { findTerminal } from '../../terminal/terminal.ts';
import { describeAdoption, renderAdoption } from './text.ts';

interface Options {
  readonly yes?: boolean;
}

/** `wgkex adopt DOMAIN [KEY...]`: take over the peers of another service. False if a named peer is left out. */
export async function run({ args: [name = '', ...words], options }: Call<Options>): Promise<boolean> {
  const keys = words.map((word) => readWord(parsePublicKey, word));
  const editing = beginEditing({ ...options, dryRun: options.yes !== true });
  const [domain] = findDomains(editing.config, options.config, name);
  if (domain === undefined) return false;
  const adoption = await adoptPeers(domain, keys.length === 0 ? undefined : new Set(keys), editing);
  // A key that an earlier call adopted is fine, too.
  const isGood = keys.length === 0 || adoption.leftOut.every(({ why }) => why === 'already ours');
  const taken = { ...adoption, domain, config: editing.config, dryRun: editing.dryRun, names: editing.names };
  if (options.json) printJson(describeAdoption(taken, isGood));
  else printLines(renderAdoption(taken, findTerminal()));
  return isGood;
}
