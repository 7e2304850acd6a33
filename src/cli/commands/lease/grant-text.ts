import type { LeasedConfig } from '../../../config/config.ts';
import type { Lease, LeaseId, Token } from '../../../core/leases/lease.ts';
import { renderLine } from '../../editing/text.ts';
import { describeTicket } from '../../leases/tickets.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { formatTime } from '../../terminal/words.ts';

/** What `wgkex lease grant` did, or would do. */
export interface Grant {
  /** Without an ID it would be a new one. */
  readonly lease: Pick<Lease, 'expires' | 'key'> & { readonly id: LeaseId | undefined };
  readonly domain: LeasedConfig;
  /** Undefined in a dry run, and for an order whose lease is bound. */
  readonly token?: Token;
}

/** What a dry run prints. */
export function renderForeseen({ lease, domain }: Grant, terminal: Terminal): string[] {
  const lines = renderLine(domain.name, foresee(lease), terminal);
  return [...lines, terminal.paint('notice', 'Nothing was changed.')];
}

function foresee({ id, key, expires }: Grant['lease']): string {
  if (id !== undefined) return key === undefined ? `would replace the token of ${id}` : `${id} would keep its token`;
  const end = expires === undefined ? 'never ends' : `ends ${formatTime(expires)}`;
  return `would grant a lease that ${end}`;
}

/** The document of `wgkex lease grant --json`; its shape is fixed in wgkex(8). */
export function describeGrant({ lease: { id, expires }, domain, token }: Grant): object {
  const ticket = id === undefined ? { token: null, ticket: null } : describeTicket(id, token);
  return { id: id ?? null, ...ticket, domain: domain.name, expires: expires ?? null };
}
