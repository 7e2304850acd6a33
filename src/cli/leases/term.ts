import { exitWithUsageError } from '../../command-line.ts';
import { quote } from '../../core/values/quote.ts';
import { DAY_SECONDS, type UnixSeconds } from '../../core/values/time.ts';
import { PROGRAM, readWord } from '../terminal/call.ts';
import { findEndOfDay, parseDays } from './end-date.ts';

/** Options of the commands that set an end date. */
export interface TermOptions {
  readonly days?: string;
  readonly until?: string;
}

/** An end date, or a number of days that counts from another time. */
export type Term = { readonly until: UnixSeconds } | { readonly days: number };

/** Undefined without these options. An invalid one, or a day that is over, is a usage error. */
export function readTerm({ days, until }: TermOptions, now: UnixSeconds): Term | undefined {
  if (days !== undefined) return { days: readWord(parseDays, days) };
  if (until === undefined) return undefined;
  const end = readWord(findEndOfDay, until);
  if (end <= now) exitWithUsageError(PROGRAM, `Cannot use ${quote(until)} as an end date: that day is over`);
  return { until: end };
}

export function findEnd(term: Term, from: UnixSeconds): UnixSeconds {
  return 'until' in term ? term.until : from + term.days * DAY_SECONDS;
}
