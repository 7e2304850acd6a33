import { InputError } from '../values/errors.ts';
import { findUnshowable, quote } from '../values/quote.ts';

const MOST_CHARACTERS = 200;

/**
 * Checks a text that an operator or a shop attaches to a lease; `what` is for the error: `a note`, `an order`.
 * @throws InputError
 */
export function parseLabel(text: string, what: string): string {
  const fault = findFault(text);
  if (fault !== undefined) throw new InputError(`Cannot use ${quote(text)} as ${what}: ${fault}`);
  return text;
}

function findFault(text: string): string | undefined {
  const unshowable = findUnshowable(text);
  if (unshowable !== undefined) return `it has a control or invisible character (${unshowable})`;
  const { length } = [...text];
  if (text.trim() === '') return `expected 1 to ${MOST_CHARACTERS} characters`;
  return length > MOST_CHARACTERS ? `it has ${length} characters, expected at most ${MOST_CHARACTERS}` : undefined;
}
