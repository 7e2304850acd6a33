import { InputError } from '../values/errors.ts';
import type { LeaseId, Token } from './lease.ts';

/** What a member gets as one string, `ID-TOKEN`. */
export interface Credentials {
  readonly id: LeaseId;
  readonly token: Token;
}

/** Base32 in lower case (RFC 4648, 6): no digit in it looks like a letter. */
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const BITS = 5;
const ID_CHARACTERS = 8;
const TOKEN_CHARACTERS = 26;
const CHARACTERS = ID_CHARACTERS + TOKEN_CHARACTERS;
const ID_BYTES = 5;
/** 136 bits, of which a token has 130. */
const TOKEN_BYTES = 17;

const LEASE_ID = /^[a-z2-7]{8}$/;
const LETTERS_AND_DIGITS = /^[A-Za-z2-7]*$/;
/** Blanks, line breaks, hyphens and dashes, and the invisible characters that mail programs and browsers put in. */
const IGNORED = /[\s\p{Pd}\p{Cf}]/gu;

export function isLeaseId(text: string): text is LeaseId {
  return LEASE_ID.test(text);
}

/** Makes an ID of 5 random bytes. */
export function buildLeaseId(random: Uint8Array): LeaseId {
  return encode(random, ID_BYTES, ID_CHARACTERS) as LeaseId;
}

/** Makes a token of 17 random bytes. */
export function buildToken(random: Uint8Array): Token {
  return encode(random, TOKEN_BYTES, TOKEN_CHARACTERS) as Token;
}

export function formatCredentials(id: LeaseId, token: Token): string {
  return `${id}-${token}`;
}

/**
 * Parses `ID-TOKEN` as a person copied it: case, blanks, line breaks and further hyphens do not matter.
 * @throws InputError whose message shows nothing of `text`, which may be a token with a mistake in it.
 */
export function parseCredentials(text: string): Credentials {
  const typed = text.replace(IGNORED, '');
  if (!LETTERS_AND_DIGITS.test(typed))
    throw new InputError('Cannot read the access code: expected the letters a to z and the digits 2 to 7 only');
  if (typed.length !== CHARACTERS)
    throw new InputError(
      `Cannot read the access code: expected ${CHARACTERS} letters and digits, found ${typed.length}`,
    );
  const credentials = typed.toLowerCase();
  return { id: credentials.slice(0, ID_CHARACTERS) as LeaseId, token: credentials.slice(ID_CHARACTERS) as Token };
}

function encode(random: Uint8Array, bytes: number, characters: number): string {
  if (random.length !== bytes) throw new RangeError(`expected ${bytes} random bytes, got ${random.length}`);
  const bits = Array.from(random, (byte) => byte.toString(2).padStart(8, '0')).join('');
  const digits = Array.from({ length: characters }, (_, index) => bits.slice(index * BITS, (index + 1) * BITS));
  return digits.map((digit) => ALPHABET[Number.parseInt(digit, 2)]).join('');
}
