import type { LeasedConfig } from '../../config/config.ts';
import type { DomainView } from '../../core/decisions/admission.ts';
import { describeError } from '../../core/values/errors.ts';
import type { DomainName } from '../../core/values/names.ts';
import type { PublicKey } from '../../core/values/public-key.ts';
import { DomainSession } from '../../system/domain/domain-session.ts';
import { type Settled, settleMembers } from '../../system/members/settle.ts';
import { findLeasedDomains, type Leasing } from './leasing.ts';

/** What a change of a lease means for the peer of its key. */
export interface Affected {
  readonly key: PublicKey;
  /** Whether it has a right to a peer after the change. */
  readonly isMember: boolean;
}

export interface SettledPeer {
  /** What happened to the peer, or would happen; undefined if nothing did. */
  readonly peer: 'removed' | 'restored' | undefined;
  /** One line that says why the peer is not as the table wants it. */
  readonly complaint: string | undefined;
}

const LEFT = 'the next pass of the cleanup changes its peer';

/** Makes the peers of a domain match the table, under its lock; in a dry run only says what that means for one key. */
export async function settlePeer(name: DomainName, affected: Affected, leasing: Leasing): Promise<SettledPeer> {
  const domain = findLeasedDomains(leasing.config).find((each) => each.name === name);
  if (domain === undefined) return fail(`${name} is not a domain with a pool; its peers, if there are any, stay`);
  try {
    return await withView(domain, leasing, (view, session) => settle(view, session, { domain, affected, leasing }));
  } catch (error) {
    return fail(`${describeError(error)}; ${LEFT}`);
  }
}

/** Makes all peers of a domain match the table. @throws Error with one line if the domain or the table cannot be read. */
export function settleDomain(domain: LeasedConfig, leasing: Leasing): Promise<Settled> {
  const { table, log } = leasing;
  return withView(domain, leasing, (view, session) => settleMembers(view, { domain, session, table, log }));
}

async function withView<T>(
  domain: LeasedConfig,
  { config, log, dryRun }: Leasing,
  action: (view: DomainView, session: DomainSession) => Promise<T>,
): Promise<T> {
  const session = new DomainSession(domain, config, log, dryRun);
  try {
    return await action(await session.open(), session);
  } finally {
    session.close();
  }
}

interface Work {
  readonly domain: LeasedConfig;
  readonly affected: Affected;
  readonly leasing: Leasing;
}

async function settle(view: DomainView, session: DomainSession, work: Work): Promise<SettledPeer> {
  const { domain, affected, leasing } = work;
  const { key, isMember } = affected;
  const { peers } = view;
  const wasPeer = peers.ours.has(key);
  if (peers.isOperators(key)) return fail(describeOperators(work));
  if (leasing.dryRun) return { peer: wasPeer === isMember ? undefined : describe(affected), complaint: undefined };
  const { failures } = await settleMembers(view, { domain, session, table: leasing.table, log: leasing.log });
  if (failures > 0) return fail(LEFT);
  if (isMember && !peers.ours.has(key)) return fail(`${key} has no peer; see wgkex show ${key}`);
  return { peer: wasPeer === isMember ? undefined : describe(affected), complaint: undefined };
}

function describeOperators({ domain: { wireguard }, affected: { key, isMember } }: Work): string {
  const remedy = isMember ? 'it stays as it is' : `remove it with: wg set ${wireguard} peer ${key} remove`;
  return `peer ${key} is one of the operator's; ${remedy}`;
}

function describe({ isMember }: Affected): 'removed' | 'restored' {
  return isMember ? 'restored' : 'removed';
}

function fail(complaint: string): SettledPeer {
  return { peer: undefined, complaint };
}
