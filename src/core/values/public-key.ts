import { InputError } from './errors.ts';
import { quote } from './quote.ts';

/** A WireGuard public key: 32 bytes in base64, 44 characters. Made only by the parsers of this file. */
export type PublicKey = string & { readonly __brand: 'PublicKey' };

/** 43 characters carry 258 bits, so the last one before `=` has two spare bits, which must be zero (RFC 4648, 3.5). */
const CANONICAL_KEY = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw480]=$/;
const ALL_ZERO_KEY = `${'A'.repeat(43)}=`;

/** Enough characters to tell keys apart in a log; `wg show` has the rest. */
export const SHORT_KEY_CHARACTERS = 12;

export function isPublicKey(text: string): text is PublicKey {
  return CANONICAL_KEY.test(text) && text !== ALL_ZERO_KEY;
}

/** @throws InputError unless `text` is a canonical WireGuard public key other than the all-zero one. */
export function parsePublicKey(text: string): PublicKey {
  if (!isPublicKey(text))
    throw new InputError(`Cannot use ${quote(text)} as a public key: expected 32 bytes in base64`);
  return text;
}

/**
 * A key as the kernel reports it. Userspace WireGuard accepts even the all-zero key for a peer, which must not
 * make the whole interface unreadable.
 * @throws InputError unless `text` is 32 bytes in canonical base64.
 */
export function parseKernelKey(text: string): PublicKey {
  if (!CANONICAL_KEY.test(text)) throw new InputError('Cannot read a key of the WireGuard interface: not base64');
  return text as PublicKey;
}

/** A first guess at the meaning of a line: no domain name looks like this, not even an invalid one. */
export function looksLikeKey(text: string): boolean {
  return text.length === 44 && text.endsWith('=');
}

export function abbreviateKey(key: PublicKey): string {
  return `${key.slice(0, SHORT_KEY_CHARACTERS)}…`;
}
