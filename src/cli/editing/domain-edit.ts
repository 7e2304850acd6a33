import type { DomainConfig } from '../../config/config.ts';
import type { Effect } from '../../core/changes/effects.ts';
import type { DomainView } from '../../core/decisions/admission.ts';
import type { ErrorCode } from '../../core/exchange/exchange.ts';
import { describeError } from '../../core/values/errors.ts';
import { DomainSession } from '../../system/domain/domain-session.ts';
import type { Editing } from './editing.ts';

type EditOutcome = 'added' | 'reset' | 'kept' | 'refused' | 'removed' | 'released' | 'absent' | 'static' | 'failed';

/** The outcome for a key in a domain, real or hypothetical. */
export interface DomainEdit {
  readonly domain: DomainConfig;
  readonly outcome: EditOutcome;
  /** The code that its router would get, if the key is refused. */
  readonly code?: ErrorCode;
  /** One line that says why the edit was not made. */
  readonly reason?: string;
  readonly effects: readonly Effect[];
}

/** Edits a domain under its lock, based on a reading under that lock; an error is an outcome, too. */
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
