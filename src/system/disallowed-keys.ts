import { readFileSync } from 'node:fs';
import { type KeyList, parseKeyList } from '../core/key-list.ts';

/** The operator's list. No file is an empty list. */
export function readDisallowedKeys(path: string): KeyList {
  return parseKeyList(readList(path).toString('utf8'), path);
}

/** The list as it is, byte for byte. */
export function readList(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}
