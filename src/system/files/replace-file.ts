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
  /** Without it root alone can read the file. */
  readonly mode?: number;
  /** Whose owner and mode it gets in place of those. */
  readonly like?: Pick<Stats, 'uid' | 'gid' | 'mode'> | undefined;
}

const PERMISSIONS = 0o7777;

/**
 * Gives a file another content in one step: whoever reads it finds either the old one or the new one, and so does who
 * comes after a power cut, unless `isSynced` is false.
 * @throws Error with one line that names the file, where it cannot be written; then it holds the old one.
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

/** Who may not read the old content cannot read the new one either, at no time. Leaves nothing half written. */
function writeFile(
  path: string,
  content: string | Uint8Array,
  { isSynced = true, mode = PRIVATE, like }: Manner,
): void {
  const file = openSync(path, 'w', PRIVATE);
  try {
    if (like !== undefined) fchownSync(file, like.uid, like.gid);
    // One that was left behind may have another mode.
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
