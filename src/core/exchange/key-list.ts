import { isPublicKey, type PublicKey } from '../values/public-key.ts';
import { quote } from '../values/quote.ts';

/** A list of keys that an operator edits: one key per line, `#` starts a comment. */
export interface KeyList {
  readonly keys: ReadonlySet<PublicKey>;
  /** One line for each line that could not be read. */
  readonly complaints: readonly string[];
}

const REASON_CHARACTERS = 200;

/** A bad line does not affect the others; `path` is for the complaints. */
export function parseKeyList(text: string, path: string): KeyList {
  const keys = new Set<PublicKey>();
  const complaints: string[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const word = dropComment(line);
    if (isPublicKey(word)) keys.add(word);
    else if (word !== '') complaints.push(`${path}: line ${index + 1}: expected a public key, found ${quote(word)}`);
  }
  return { keys, complaints };
}

/** A line for the list, without its line end; the day is for readers years later. */
export function buildListLine(key: PublicKey, reason: string, day: string): string {
  const words = cleanReason(reason);
  return `${key} # ${words === '' ? day : `${words}, ${day}`}`;
}

/** Whether this line lists that key. */
export function isLineOf(key: PublicKey, line: string): boolean {
  return dropComment(line) === key;
}

function dropComment(line: string): string {
  return line.replace(/#.*$/s, '').trim();
}

/** One line of visible text: letters of any script, but nothing that moves a cursor or reverses the line. */
function cleanReason(reason: string): string {
  const visible = reason.replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S}]+/gu, ' ').trim();
  const characters = [...visible];
  return characters.length > REASON_CHARACTERS ? `${characters.slice(0, REASON_CHARACTERS).join('')}…` : visible;
}
