import type * as z from 'zod';
import { InputError } from './errors.ts';
import { escapeLine } from './quote.ts';

const PLACE_CHARACTERS = 64;

/**
 * Parses JSON of a known shape. The text stays out of the error: it may be untrusted, and the place of the fault is
 * enough.
 * @throws InputError, for instance `Cannot read request: unexpected key`.
 */
export function parseJsonOf<T>(schema: z.ZodType<T>, text: string, what: string): T {
  const result = schema.safeParse(parseJson(text, what));
  if (result.success) return result.data;
  const places = new Set(
    result.error.issues.map(({ path }) => escapeLine(path.join('.'), PLACE_CHARACTERS) || 'shape'),
  );
  throw new InputError(`Cannot read ${what}: unexpected ${[...places].slice(0, 3).join(', ')}`);
}

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InputError(`Cannot read ${what}: not JSON`, { cause: error });
  }
}
