import { InputError } from '../../core/values/errors.ts';
import { quote } from '../../core/values/quote.ts';
import type { UnixSeconds } from '../../core/values/time.ts';

const MOST_DAYS = 3650;
const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;

/**
 * The last second of a day such as `2026-12-31` in the time zone of the operator, whose days may have 23 or 25 hours.
 * @throws InputError
 */
export function findEndOfDay(text: string): UnixSeconds {
  const [, year, month, day] = DAY.exec(text)?.map(Number) ?? [];
  if (year === undefined || month === undefined || day === undefined)
    throw new InputError(`Cannot use ${quote(text)} as a date: expected one such as 2026-12-31`);
  const last = new Date(new Date(year, month - 1, day + 1).getTime() - 1000);
  // A day that no calendar has, or that the time zone left out, ends on another one.
  const isIt = last.getFullYear() === year && last.getMonth() === month - 1 && last.getDate() === day;
  if (!isIt) throw new InputError(`Cannot use ${quote(text)} as a date: there is no such day`);
  return last.getTime() / 1000;
}

/** @throws InputError */
export function parseDays(text: string): number {
  const days = /^[1-9]\d{0,3}$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY;
  if (days > MOST_DAYS)
    throw new InputError(`Cannot use ${quote(text)} as a number of days: expected 1 to ${MOST_DAYS}`);
  return days;
}
