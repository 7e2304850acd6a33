import { InputError } from '../values/errors.ts';
import { findUnshowable, quote } from '../values/quote.ts';

/** Of a path without its angle brackets (RFC 5321, 4.5.3.1.3). */
const MOST_BYTES = 254;
/** What an address has only in quotes, or what separates addresses (RFC 5322, 3.2.3). */
const SPECIAL = /[\s()<>[\]:;,\\"]/;

/**
 * Checks where a letter is to go: text that no mail program reads as two addresses, a header or an option.
 * @throws InputError
 */
export function parseEmailAddress(text: string): string {
  const fault = findFault(text);
  if (fault !== undefined) throw new InputError(`Cannot use ${quote(text)} as an email address: ${fault}`);
  return text;
}

function findFault(text: string): string | undefined {
  const special = SPECIAL.exec(text)?.[0];
  if (special !== undefined) return `expected no ${quote(special)}`;
  const unshowable = findUnshowable(text);
  if (unshowable !== undefined) return `it has a control or invisible character (${unshowable})`;
  // sendmail(8) takes it for an option.
  if (text.startsWith('-')) return 'expected no "-" at its start';
  if (Buffer.byteLength(text) > MOST_BYTES) return `expected at most ${MOST_BYTES} bytes`;
  return /^[^@]+@[^@]+$/.test(text) ? undefined : 'expected one "@" with text on both sides';
}
