import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Instance, type InstanceName, parseInstanceName } from '../../../core/client/instance.ts';
import { formatInstance, parseInstance } from '../../../core/client/instance-file.ts';
import { describeSystemError, InputError } from '../../../core/values/errors.ts';
import { replaceFile } from '../../files/replace-file.ts';
import { makeTrustedDirectory, readTrustedFile } from '../../files/trust.ts';

/** Root's files, one for each tunnel. */
export const INSTANCES_DIRECTORY = '/etc/wgkex-client';

const EXTENSION = '.toml';
/** Nothing in it is a secret, and wgkex-join reads it without privileges. */
const READABLE_BY_ALL = 0o644;

export function findInstanceFile(name: InstanceName, directory = INSTANCES_DIRECTORY): string {
  return join(directory, `${name}${EXTENSION}`);
}

/** @throws InputError if the file is missing or wrong, or if anyone but root could write to it or replace it. */
export function readInstance(name: InstanceName, directory?: string): Instance {
  const path = findInstanceFile(name, directory);
  const text = readTrustedFile(path);
  try {
    return parseInstance(name, text);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(`${path}: ${error.message}`, { cause: error });
  }
}

/** @throws Error with one line that names the file, if it cannot be written; then it keeps its old content. */
export function writeInstance(instance: Instance, directory = INSTANCES_DIRECTORY): void {
  makeTrustedDirectory(directory);
  replaceFile(findInstanceFile(instance.name, directory), formatInstance(instance), { mode: READABLE_BY_ALL });
}

/** The names of all files that have the name of a tunnel, sorted. @throws InputError if the directory cannot be read. */
export function listInstances(directory = INSTANCES_DIRECTORY): InstanceName[] {
  return readNames(directory)
    .filter((file) => file.endsWith(EXTENSION))
    .flatMap((file) => findName(file.slice(0, -EXTENSION.length)))
    .sort();
}

/** Removes the file, if there is one. */
export function removeInstance(name: InstanceName, directory?: string): void {
  rmSync(findInstanceFile(name, directory), { force: true });
}

function readNames(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new InputError(`Cannot read ${directory}: ${describeSystemError(error)}`, { cause: error });
  }
}

function findName(text: string): InstanceName[] {
  try {
    return [parseInstanceName(text)];
  } catch {
    return [];
  }
}
