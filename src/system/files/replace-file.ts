import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  renameSync,
  type Stats,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { describeSystemError } from '../../core/values/errors.ts';
import { PRIVATE } from './private-file.ts';

interface Manner {
  readonly isSynced?: boolean;
  /** By default root alone can read the file. */
  readonly mode?: number;
  /** The owner and mode that the file gets instead. */
  readonly like?: Pick<Stats, 'uid' | 'gid' | 'mode'> | undefined;
}

const PERMISSIONS = 0o7777;

/**
 * Replaces the content of a file in one step: a reader finds either the old or the new content, also after a power cut
 * unless `isSynced` is false.
 * @throws Error with one line that names the file, if it cannot be written; then it keeps the old content.
 */
export function replaceFile(path: string, content: string | Uint8Array, manner: Manner = {}): void {
  try {
    const temporary = `${path}.new`;
    writeFile(temporary, content, manner);
    renameSync(temporary, path);
  } catch (error) {
    throw new Error(`Cannot write ${path}: ${describeSystemError(error)}`, { cause: error });
  }
}

/** A user who may not read the old content can never read the new one either. Leaves nothing half written. */
function writeFile(
  path: string,
  content: string | Uint8Array,
  { isSynced = true, mode = PRIVATE, like }: Manner,
): void {
  const file = openSync(path, 'w', PRIVATE);
  try {
    if (like !== undefined) fchownSync(file, like.uid, like.gid);
    // A file that was left behind may have another mode.
    fchmodSync(file, like === undefined ? mode : like.mode & PERMISSIONS);
    writeFileSync(file, content);
    if (isSynced) fsyncSync(file);
  } catch (error) {
    unlinkSync(path);
    throw error;
  } finally {
    closeSync(file);
  }
}
