import { type Alias, type Document, LineCounter, parseDocument, visit } from 'yaml';
import { InputError } from '../../../core/values/errors.ts';

/** An alias of an alias multiplies: more than these could grow beyond the memory. */
const MOST_ALIASES = 32;

/**
 * Parses YAML 1.1, as Python's parser does. No error contains a word of the text, in which there are passwords.
 * @throws InputError with the place in the text.
 */
export function parseYaml(text: string): unknown {
  const lines = new LineCounter();
  // No warnings on standard error: they quote the text.
  const options = { version: '1.1', prettyErrors: false, logLevel: 'error', lineCounter: lines } as const;
  const document = parseDocument(text, options);
  requireSound(document, lines);
  requireFewAliases(document, lines);
  try {
    return document.toJS({ maxAliasCount: MOST_ALIASES });
  } catch (error) {
    throw new InputError('expected YAML, found aliases that grow, or a merge with something else than a map', {
      cause: error,
    });
  }
}

function requireSound({ errors, warnings }: Document, lines: LineCounter): void {
  const [mistake] = [...errors, ...warnings];
  if (mistake !== undefined)
    refuse(mistake.pos[0], `a mistake (${mistake.code.toLowerCase().replaceAll('_', ' ')})`, lines);
}

function requireFewAliases(document: Document, lines: LineCounter): void {
  const aliases: Alias[] = [];
  visit(document, { Alias: (_, alias) => void aliases.push(alias) });
  if (aliases.length > MOST_ALIASES)
    throw new InputError(`expected at most ${MOST_ALIASES} aliases, found ${aliases.length}`);
  const lost = aliases.find((alias) => alias.resolve(document) === undefined);
  if (lost !== undefined) refuse(lost.range?.[0] ?? 0, 'an alias of nothing', lines);
}

function refuse(offset: number, found: string, lines: LineCounter): never {
  const { line, col } = lines.linePos(offset);
  throw new InputError(`line ${line}, column ${col}: expected YAML, found ${found}`);
}
