import { InputError } from './errors.ts';
import { findUnshowable, quote } from './quote.ts';

/** What an operator calls a router, safe to print. Made only by {@link parseRouterName}. */
export type RouterName = string & { readonly __brand: 'RouterName' };

const MOST_CHARACTERS = 64;
/** Most names, quickly: words of visible Latin letters, digits and signs, each a single character in any normal form. */
const PLAIN = /^[!-~¡-¬®-ɏ]+(?: [!-~¡-¬®-ɏ]+)*$/;
/** A letter takes few marks in any script; a pile of them would cover the lines above and below. */
const PILE_OF_MARKS = /^\p{M}|\p{M}{5}/u;
/** What a decoder puts in the place of bytes that are not UTF-8. */
const REPLACEMENT = '\ufffd';

/** Composed, and with single blanks, so that the same name is always the same text. @throws InputError */
export function parseRouterName(text: string): RouterName {
  if (text.length <= MOST_CHARACTERS && PLAIN.test(text)) return text as RouterName;
  const name = text
    .normalize('NFC')
    .replace(/\p{Zs}+/gu, ' ')
    .trim();
  const fault = findFault(name);
  if (fault !== undefined) throw new InputError(`Cannot use ${quote(text)} as a name: ${fault}`);
  return name as RouterName;
}

function findFault(name: string): string | undefined {
  const characters = [...name].length;
  if (name === '') return `expected 1 to ${MOST_CHARACTERS} characters`;
  if (name.includes(REPLACEMENT)) return 'it is not UTF-8';
  if (characters > MOST_CHARACTERS) return `it has ${characters} characters, expected at most ${MOST_CHARACTERS}`;
  const unshowable = findUnshowable(name);
  if (unshowable !== undefined) return `it has a control or invisible character (${unshowable})`;
  return PILE_OF_MARKS.test(name) ? 'it has too many combining marks in one place' : undefined;
}
