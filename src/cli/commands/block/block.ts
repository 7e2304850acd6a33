import type { DomainConfig } from '../../../config/config.ts';
import { describeError } from '../../../core/values/errors.ts';
import { type PublicKey, parsePublicKey } from '../../../core/values/public-key.ts';
import { readWireguard } from '../../../system/kernel/wg.ts';
import { describeReason } from '../../editing/domain-edit.ts';
import { beginEditing, type Editing, finishEditing, type NamingOptions } from '../../editing/editing.ts';
import { addListedKey } from '../../editing/listed-key.ts';
import { readNaming } from '../../editing/naming.ts';
import { removeKey } from '../../editing/remove-key.ts';
import { describeRemoteBlock, type Elsewhere } from '../../fleet/remote-block.ts';
import { findDomains } from '../../gateway/configuration.ts';
import { type Call, readWord } from '../../terminal/call.ts';

interface Options extends NamingOptions {
  readonly reason?: string;
  /** On the other gateways, too. */
  readonly fleet?: boolean;
}

/** `wgkex block KEY`: refuse a key from now on, and remove it. False if it stays a peer of some domain. */
export async function run({ args: [text = ''], options }: Call<Options>): Promise<boolean> {
  const key = readWord(parsePublicKey, text);
  const editing = beginEditing(options, readNaming(key, options));
  const { config, dryRun } = editing;
  const all = findDomains(config, options.config, undefined);
  await requireStranger(key, all);
  const list = await addListedKey(key, options.reason ?? '', editing, { setting: 'disallowed_keys', event: 'blocked' });
  // Every admission reads the list under the domain's lock: from now on none can miss this key.
  const domains = await Promise.all(all.map((domain) => removeKey(key, domain, editing)));
  const here = domains.filter(({ outcome }) => outcome !== 'absent').flatMap(describeReason);
  const { elsewhere, complaints: there } = options.fleet ? await blockInFleet(key, editing) : NOWHERE_ELSE;
  const complaints = [...here, ...there];
  const edits = { key, dryRun, isGood: complaints.length === 0, list, domains, complaints };
  return finishEditing(elsewhere === undefined ? edits : { ...edits, elsewhere }, editing, options);
}

interface FleetEdit {
  readonly elsewhere: readonly Elsewhere[] | undefined;
  readonly complaints: readonly string[];
}

const NOWHERE_ELSE: FleetEdit = { elsewhere: undefined, complaints: [] };

/** Never rejects: here the key is blocked already. */
async function blockInFleet(key: PublicKey, { config: { mqtt }, dryRun }: Editing): Promise<FleetEdit> {
  if (mqtt === undefined) return { elsewhere: [], complaints: ['Cannot find a fleet: there is no [mqtt]'] };
  try {
    const { blockElsewhere } = await import('../../fleet/elsewhere.ts');
    const elsewhere = await blockElsewhere(mqtt, key, dryRun);
    return { elsewhere, complaints: elsewhere.flatMap((one) => complainOf(one, key)) };
  } catch (error) {
    return { elsewhere: [], complaints: [`${describeError(error)}; block it on the other gateways, too`] };
  }
}

function complainOf({ gateway, host, outcome, reason }: Elsewhere, key: PublicKey): string[] {
  const remedy = `run later: ${describeRemoteBlock(host, key)}`;
  if (outcome === 'offline') return [`Cannot block the key on ${gateway}: it is offline; ${remedy}`];
  return outcome === 'failed' ? [`Cannot block the key on ${gateway}: ${reason}; ${remedy}`] : [];
}

/** @throws Error for a key of the gateway itself. An interface that cannot be read has no key to confuse. */
async function requireStranger(key: PublicKey, domains: readonly DomainConfig[]): Promise<void> {
  const readings = await Promise.allSettled(domains.map((domain) => readWireguard(domain)));
  const isOwn = readings.some((result) => result.status === 'fulfilled' && result.value.ownKey === key);
  if (isOwn) throw new Error(`Cannot block ${key}: it is the gateway's own key`);
}
