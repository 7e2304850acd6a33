import { closeSync, fstatSync, mkdirSync, openSync, readFileSync, realpathSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { InputError } from '../core/printable.ts';
import { describeSystemError } from '../errors.ts';

/** What root makes is readable by all and writable by root; a caller's umask could make it unreadable for good. */
export const ROOT_UMASK = 0o022;

const ROOT = 0;
const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;

/**
 * Reads a file that decides what root does.
 * @throws InputError where it cannot be read, or where anyone but root could write it or put another in its place.
 */
export function readTrustedFile(path: string): string {
  const file = openFile(path);
  try {
    const status = fstatSync(file);
    if (!status.isFile()) throw new InputError(`Cannot read ${path}: not a file`);
    requireRoot(path, status);
    if ((status.mode & WRITABLE_BY_OTHERS) !== 0) throw new InputError(describeWritable(path));
    // Both ways to the file: where the name is, and where a symbolic link leads.
    requireTrustedDirectory(realpathSync(dirname(path)));
    requireTrustedDirectory(dirname(realpathSync(path)));
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}

/**
 * Makes a directory for files of root's where it is missing.
 * @throws InputError where anyone but root could make files in it, be it sticky or not, or replace it.
 */
export function makeTrustedDirectory(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  if ((statSync(directory).mode & WRITABLE_BY_OTHERS) !== 0) throw new InputError(describeWritable(directory));
  requireTrustedDirectory(realpathSync(directory));
}

/**
 * @throws InputError where anyone but root could write to the absolute path `directory` or replace it.
 * In a sticky directory such as /tmp everybody may write, but nobody may replace what belongs to root.
 */
export function requireTrustedDirectory(directory: string): void {
  const status = statSync(directory);
  requireRoot(directory, status);
  if ((status.mode & WRITABLE_BY_OTHERS) !== 0 && (status.mode & STICKY) === 0) {
    throw new InputError(describeWritable(directory));
  }
  if (directory !== dirname(directory)) requireTrustedDirectory(dirname(directory));
}

function openFile(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    throw new InputError(`Cannot read ${path}: ${describeSystemError(error)}`, { cause: error });
  }
}

function requireRoot(path: string, { uid }: Stats): void {
  if (uid !== ROOT) throw new InputError(`Cannot trust ${path}: it belongs to user ${uid}, expected root`);
}

function describeWritable(path: string): string {
  return `Cannot trust ${path}: others than root may write to it, expected mode go-w`;
}
