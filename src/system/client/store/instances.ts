import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { INSTANCE_DIRECTORY } from '../../../core/client/installation.ts';
import { type Instance, type InstanceName, parseInstanceName } from '../../../core/client/instance.ts';
import { formatInstance, parseInstance } from '../../../core/client/instance-file.ts';
import { describeSystemError, InputError } from '../../../core/values/errors.ts';
import { replaceFile } from '../../files/replace-file.ts';
import { makeTrustedDirectory, readTrustedFile } from '../../files/trust.ts';

const EXTENSION = '.toml';
/** Nothing in it is a secret, and wgkex-join reads it without privileges. */
const READABLE_BY_ALL = 0o644;

/** @throws InputError if the file is missing or wrong, or if anyone but root could write to it or replace it. */
export function readInstance(name: InstanceName, directory = INSTANCE_DIRECTORY): Instance {
  return parseInstance(name, readTrustedFile(pathOf(name, directory)));
}

/** @throws Error with one line that names the file, if it cannot be written; then it keeps its old content. */
export function writeInstance(instance: Instance, directory = INSTANCE_DIRECTORY): void {
  makeTrustedDirectory(directory);
  replaceFile(pathOf(instance.name, directory), formatInstance(instance), { mode: READABLE_BY_ALL });
}

/** The names of all files that have the name of a tunnel, sorted. @throws InputError if the directory cannot be read. */
export function listInstances(directory = INSTANCE_DIRECTORY): InstanceName[] {
  return readNames(directory)
    .filter((file) => file.endsWith(EXTENSION))
    .flatMap((file) => findName(file.slice(0, -EXTENSION.length)))
    .sort();
}

/** Removes the file, if there is one. */
export function removeInstance(name: InstanceName, directory = INSTANCE_DIRECTORY): void {
  rmSync(pathOf(name, directory), { force: true });
}

function pathOf(name: InstanceName, directory: string): string {
  return join(directory, `${name}${EXTENSION}`);
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
