import { closeSync, fchmodSync, fstatSync, openSync, readFileSync } from 'node:fs';

/** Of a file with keys: who reads it learns who is in the network, and when. */
export const PRIVATE = 0o600;

const OPEN_TO_OTHERS = 0o077;

/** Reads a file of root's. One that version 0.1 left readable by all is closed to them. */
export function readPrivateFile(path: string): string {
  const file = openSync(path, 'r');
  try {
    const { uid, mode } = fstatSync(file);
    if (uid === process.geteuid?.() && (mode & OPEN_TO_OTHERS) !== 0) fchmodSync(file, PRIVATE);
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}
