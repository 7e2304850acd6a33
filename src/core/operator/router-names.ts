import { describeError } from '../values/errors.ts';
import { isPublicKey, type PublicKey } from '../values/public-key.ts';
import { quote } from '../values/quote.ts';
import { parseRouterName, type RouterName } from '../values/router-name.ts';

export type RouterNames = ReadonlyMap<PublicKey, RouterName>;

/** A file that an operator edits: `KEY name` on each line, and comment lines that begin with `#`. */
interface NameFile {
  readonly names: RouterNames;
  /** One line for each line that could not be read. */
  readonly complaints: readonly string[];
}

/** A bad line does not affect the others; `path` is for the complaints. */
export function parseRouterNames(text: string, path: string): NameFile {
  const names = new Map<PublicKey, RouterName>();
  const complaints: string[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const { word, rest } = splitLine(line);
    if (word === '' || word.startsWith('#')) continue;
    try {
      if (!isPublicKey(word)) throw new Error(`expected a public key, found ${quote(word)}`);
      if (names.has(word)) throw new Error(`${word} has a name already`);
      names.set(word, parseRouterName(rest));
    } catch (error) {
      complaints.push(`${path}: line ${index + 1}: ${describeError(error)}`);
    }
  }
  return { names, complaints };
}

/** A line for the file, without its line end. */
export function buildNameLine(key: PublicKey, name: RouterName): string {
  return `${key} ${name}`;
}

/** Whether this line names that key, well or badly. */
export function isNameOf(key: PublicKey, line: string): boolean {
  return splitLine(line).word === key;
}

/** Whether a name contains a text, in upper or lower case. */
export function hasPart(name: RouterName | undefined, part: string): boolean {
  return name !== undefined && foldCase(name).includes(foldCase(part));
}

function splitLine(line: string): { readonly word: string; readonly rest: string } {
  const [, word = '', rest = ''] = /^(\S*)\s*(.*)$/s.exec(line.trim()) ?? [];
  return { word, rest };
}

function foldCase(text: string): string {
  return text.normalize('NFC').toLowerCase();
}
