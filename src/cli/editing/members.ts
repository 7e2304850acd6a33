import type { Config, DomainConfig } from '../../config/config.ts';
import { describeError } from '../../core/values/errors.ts';
import type { PublicKey } from '../../core/values/public-key.ts';
import type { DomainEdit } from './domain-edit.ts';
import type { Editing } from './editing.ts';
import { removeKey } from './remove-key.ts';

/** In a domain with leases only a lease admits a key. */
export function refuseToAdd(key: PublicKey, domain: DomainConfig): DomainEdit {
  const grant = `wgkex lease grant ${domain.name}`;
  const reason = `Cannot add ${key}: only a lease admits a key here (NO_TOKEN); to grant one: ${grant}`;
  return { domain, outcome: 'refused', code: 'NO_TOKEN', reason, effects: [] };
}

/** In a pool a peer without a mark of the operator's is wgkex's, whether wgkex remembers it or not. */
export function refuseToRelease(key: PublicKey, domain: DomainConfig): DomainEdit {
  const marking = `wgkex static add ${key}`;
  const reason = `Cannot release ${key}: every peer inside the pool is wgkex's; to make it the operator's: ${marking}`;
  return { domain, outcome: 'refused', reason, effects: [] };
}

/** {@link removeKey}, unless a lease would bring the key back. */
export async function removeStranger(key: PublicKey, domain: DomainConfig, editing: Editing): Promise<DomainEdit> {
  try {
    const id = await findLiveLease(key, domain, editing.config);
    if (id === undefined) return await removeKey(key, domain, editing);
    const commands = `to end it: wgkex lease revoke ${id}; to free it for another key: wgkex lease release ${id}`;
    const reason = `Cannot remove ${key}: its lease ${id} lasts; ${commands}`;
    return { domain, outcome: 'refused', reason, effects: [] };
  } catch (error) {
    return { domain, outcome: 'failed', reason: describeError(error), effects: [] };
  }
}

async function findLiveLease(key: PublicKey, { name }: DomainConfig, config: Config): Promise<string | undefined> {
  const { findTable } = await import('../../system/members/find-table.ts');
  return (await findTable(config).readBound(name)).find((lease) => lease.key === key)?.id;
}
