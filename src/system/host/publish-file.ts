import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  lstatSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describeSystemError, InputError } from '../../core/values/errors.ts';
import { findPublicDirectory } from '../files/trust.ts';

const READABLE_BY_ALL = 0o644;

/**
 * In one step replaces a file that all may read, as {@link replaceFile} does for root's own files, but in a directory
 * that may belong to another user, such as a web server. It follows no link that was put in the way there.
 * @throws Error with one line that names the file, if it cannot be written; then nothing has changed.
 */
export function publishFile(path: string, text: string): void {
  try {
    // A user who can replace the directory would choose where root writes.
    const isRoot = process.getuid?.() === 0;
    const directory = isRoot ? findPublicDirectory(dirname(path)) : realpathSync(dirname(path));
    replaceIn(directory, basename(path), text);
  } catch (error) {
    throw new Error(`Cannot write ${path}: ${describeSystemError(error)}`, { cause: error });
  }
}

function replaceIn(directory: string, name: string, text: string): void {
  const path = join(directory, name);
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (status !== undefined && !status.isFile()) throw new InputError('it is not a file');
  // Concurrent writers have a file each.
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    writeNewFile(temporary, text);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Fails if the file exists, even as a link. */
function writeNewFile(path: string, text: string): void {
  const file = openSync(path, 'wx', READABLE_BY_ALL);
  try {
    writeFileSync(file, text);
    // The umask may have removed a permission that the web server needs.
    fchmodSync(file, READABLE_BY_ALL);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
