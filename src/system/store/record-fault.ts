import { accessSync, closeSync, constants, openSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { describeError, describeSystemError, InputError } from '../../core/values/errors.ts';
import type { RecordFile } from './record-file.ts';

/**
 * Why the record of a domain cannot be read or written, and what follows from that; undefined if it can. Writes
 * nothing.
 */
export function findRecordFault(record: RecordFile): string | undefined {
  return findReadingFault(record) ?? findWritingFault(record);
}

/** A damaged record is not a fault: the next process that takes the lock replaces it. */
function findReadingFault(record: RecordFile): string | undefined {
  try {
    record.read();
    return undefined;
  } catch (error) {
    if (error instanceof InputError) return undefined;
    return `${describeError(error)}; all routers get FAILED, and the cleanup removes nobody`;
  }
}

function findWritingFault({ path }: RecordFile): string | undefined {
  try {
    tryToOpen(path);
    if (statfsSync(dirname(path)).bfree === 0) throw new Error('no space left on device');
    return undefined;
  } catch (error) {
    return `Cannot write ${path}: ${describeSystemError(error)}; new keys get FAILED`;
  }
}

/** There is no record before the first exchange. */
function tryToOpen(path: string): void {
  try {
    closeSync(openSync(path, constants.O_RDWR | constants.O_APPEND | constants.O_NOFOLLOW));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    accessSync(dirname(path), constants.W_OK);
  }
}
