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

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
