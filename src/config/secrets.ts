import { existsSync, readFileSync } from 'node:fs';
import { describeSystemError, InputError } from '../core/values/errors.ts';

/**
 * A password: from the file that the configuration names, else from systemd's credential of this name, if there is one.
 * @throws InputError if it cannot be read.
 */
export function readPassword(
  file: string | undefined,
  credentialName: string,
  { CREDENTIALS_DIRECTORY: directory }: NodeJS.ProcessEnv,
): string | undefined {
  const credential = `${directory ?? ''}/${credentialName}`;
  const path = file ?? (directory !== undefined && existsSync(credential) ? credential : undefined);
  return path === undefined ? undefined : readText(path).replace(/\r?\n$/, '');
}

/** @throws InputError */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new InputError(`Cannot read ${path}: ${describeSystemError(error)}`, { cause: error });
  }
}
