import { closeSync, fchmodSync, fstatSync, openSync, readFileSync } from 'node:fs';

/** The mode of a file with keys, which would tell its readers who is in the network, and when. */
export const PRIVATE = 0o600;

const OPEN_TO_OTHERS = 0o077;

/** Reads a file of root's. If version 0.1 left it readable by others, makes it private. */
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
