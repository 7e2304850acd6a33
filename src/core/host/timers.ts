import * as z from 'zod';
import { parseJsonOf } from '../values/json.ts';
import type { UnixSeconds } from '../values/time.ts';

const MICROSECONDS = 1_000_000;

/** `next` is in microseconds since 1970, and null or 0 for a timer that waits for nothing. */
const timersSchema = z.array(z.looseObject({ unit: z.string(), next: z.number().nullish() }));

/**
 * Parses `systemctl list-timers --output=json`: when each timer fires next, by the name of its unit.
 * @throws InputError for any other text.
 */
export function parseTimers(text: string): ReadonlyMap<string, UnixSeconds> {
  const timers = parseJsonOf(timersSchema, text, 'the timers');
  return new Map(timers.flatMap(({ unit, next }) => (next ? [[unit, next / MICROSECONDS] as const] : [])));
}
