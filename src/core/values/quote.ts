/** Enough to recognise what was sent, too little to fill a journal. */
const SHOWN_CHARACTERS = 64;

/**
 * Untrusted text as one printable, bounded, quoted ASCII word.
 * Everything outside printable ASCII becomes a `\u` escape; what exceeds 64 characters is cut and marked.
 */
export function quote(untrusted: string): string {
  const shown = untrusted.slice(0, SHOWN_CHARACTERS);
  const escaped = JSON.stringify(shown).replace(/[^ -~]/g, escapeCharacter);
  return untrusted.length > SHOWN_CHARACTERS ? `${escaped}…` : escaped;
}

/** Text for one line of a log: cut to `maxCharacters`, with backslashes and all but printable ASCII escaped. */
export function escapeLine(text: string, maxCharacters: number): string {
  const line = text.length > maxCharacters ? `${text.slice(0, maxCharacters)}…` : text;
  return line.replaceAll('\\', '\\\\').replace(/[^ -~…]/g, escapeCharacter);
}

/**
 * Everything but letters, marks, digits, punctuation, symbols and blanks: it could move a cursor, reverse a line or be
 * invisible.
 */
const UNSHOWABLE = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]|\p{Default_Ignorable_Code_Point}/gu;

/** The first character that is not safe on a terminal, as `U+202E`. */
export function findUnshowable(text: string): string | undefined {
  const [character] = text.match(UNSHOWABLE) ?? [];
  return character && `U+${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}`;
}

/** Text for one line of a terminal: like {@link escapeLine}, but visible characters of every script stay. */
export function escapeUnshowable(text: string, maxCharacters: number): string {
  const line = text.length > maxCharacters ? `${text.slice(0, maxCharacters)}…` : text;
  return line
    .replaceAll('\\', '\\\\')
    .replace(UNSHOWABLE, (character) => character.split('').map(escapeCharacter).join(''));
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
