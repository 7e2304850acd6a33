import { parse, TomlError, type TomlTable } from 'smol-toml';
import { InputError } from '../values/errors.ts';

/** Parses a file in TOML; `path` is for the error. @throws InputError with one line that names the place of the fault. */
export function parseToml(text: string, path: string): TomlTable {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [reason] = error.message.split('\n');
    throw new InputError(`${path}: line ${error.line}, column ${error.column}: ${reason}`, { cause: error });
  }
}
