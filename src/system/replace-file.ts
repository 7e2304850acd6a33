import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { describeSystemError } from '../errors.ts';

/**
 * Gives a file another content in one step: whoever reads it finds either the old one or the new one, and so does who
 * comes after a power cut, unless `isSynced` is false.
 * @throws Error with one line that names the file, where it cannot be written; then it holds the old one.
 */
export function replaceFile(path: string, text: string, { isSynced = true } = {}): void {
  try {
    const temporary = `${path}.new`;
    writeFile(temporary, text, isSynced);
    renameSync(temporary, path);
  } catch (error) {
    throw new Error(`Cannot write ${path}: ${describeSystemError(error)}`, { cause: error });
  }
}

function writeFile(path: string, text: string, isSynced: boolean): void {
  const file = openSync(path, 'w', 0o644);
  try {
    writeFileSync(file, text);
    if (isSynced) fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
