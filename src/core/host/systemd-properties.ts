import { InputError } from '../values/errors.ts';

interface Property {
  readonly name: string;
  readonly value: string;
}

/**
 * Parses lines of `NAME=value`, as the programs of systemd print them; a name may occur more than once.
 * @throws InputError for any other text.
 */
export function parseProperties(text: string): Property[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const at = line.indexOf('=');
      if (at < 1) throw new InputError('Cannot read properties: expected NAME=value');
      return { name: line.slice(0, at), value: line.slice(at + 1) };
    });
}
