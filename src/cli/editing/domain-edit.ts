import type { DomainConfig } from '../../config/config.ts';
import type { Effect } from '../../core/changes/effects.ts';
import type { DomainView } from '../../core/decisions/admission.ts';
import type { ErrorCode } from '../../core/exchange/exchange.ts';
import { describeError } from '../../core/values/errors.ts';
import { DomainSession } from '../../system/domain/domain-session.ts';
import type { Editing } from './editing.ts';

type EditOutcome = 'added' | 'reset' | 'kept' | 'refused' | 'removed' | 'released' | 'absent' | 'static' | 'failed';

/** What became of a key in a domain, or would. */
export interface DomainEdit {
  readonly domain: DomainConfig;
  readonly outcome: EditOutcome;
  /** What its router would be told, where the key is refused. */
  readonly code?: ErrorCode;
  /** Why not, in one line, where what was asked for was not done. */
  readonly reason?: string;
  readonly effects: readonly Effect[];
}

/** Edits a domain under its lock, on what is read under it; what goes wrong is an outcome, too. */
export async function editDomain(
  domain: DomainConfig,
  { config, log, dryRun }: Editing,
  edit: (view: DomainView, session: DomainSession) => Promise<Omit<DomainEdit, 'domain'>>,
): Promise<DomainEdit> {
  const session = new DomainSession(domain, config, log, dryRun);
  try {
    return { domain, ...(await edit(await session.open(), session)) };
  } catch (error) {
    return { domain, outcome: 'failed', reason: describeError(error), effects: [] };
  } finally {
    session.close();
  }
}

/** A line for the operator. */
export function describeReason({ domain, reason }: DomainEdit): string[] {
  return reason === undefined ? [] : [`${domain.name}: ${reason}`];
}
