import type { DomainConfig } from '../../config.ts';
import type { DomainView } from '../../core/admission.ts';
import type { Effect } from '../../core/effects.ts';
import type { ErrorCode } from '../../core/exchange.ts';
import { describeError } from '../../errors.ts';
import { LockedReading } from '../../system/locked-reading.ts';
import type { Editing } from './editing.ts';

type EditOutcome = 'added' | 'reset' | 'kept' | 'refused' | 'removed' | 'absent' | 'static' | 'failed';

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
  edit: (view: DomainView, reading: LockedReading) => Promise<Omit<DomainEdit, 'domain'>>,
): Promise<DomainEdit> {
  const reading = new LockedReading(domain, config, log);
  try {
    const view = dryRun ? await reading.preview() : (await reading.open()).view;
    return { domain, ...(await edit(view, reading)) };
  } catch (error) {
    return { domain, outcome: 'failed', reason: describeError(error), effects: [] };
  } finally {
    reading.close();
  }
}

/** A line for the operator. */
export function describeReason({ domain, reason }: DomainEdit): string[] {
  return reason === undefined ? [] : [`${domain.name}: ${reason}`];
}
