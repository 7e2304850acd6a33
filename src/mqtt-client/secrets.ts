import { existsSync, readFileSync } from 'node:fs';
import { describeError, describeSystemError, InputError } from '../core/values/errors.ts';

/** The name of systemd's credential. */
const CREDENTIAL = 'mqtt.password';

/**
 * The password for the broker: from the file that the configuration names, else from systemd's credential, if there is
 * one.
 * @throws InputError if it cannot be read.
 */
export function readPassword(
  file: string | undefined,
  { CREDENTIALS_DIRECTORY: directory }: NodeJS.ProcessEnv,
): string | undefined {
  const credential = `${directory ?? ''}/${CREDENTIAL}`;
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

/** The reason why a connection failed; some errors of Node have a code and no message. */
export function describeFailure(error: Error & { readonly code?: unknown }): string {
  return describeError(error) || String(error.code ?? error.name);
}
