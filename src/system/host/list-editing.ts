import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { isLineOf, parseKeyList } from '../../core/exchange/key-list.ts';
import { describeSystemError } from '../../core/values/errors.ts';
import type { PublicKey } from '../../core/values/public-key.ts';
import { takeListLock } from '../files/lock.ts';
import { replaceFile } from '../files/replace-file.ts';
import { findTrusted, makeTrustedDirectory } from '../files/trust.ts';

const READABLE_BY_ALL = 0o644;

/** A list of keys that an operator edits, and where its lock is. */
export interface EditableList {
  readonly path: string;
  readonly runtimeDirectory: string;
}

/** Whether the key is on the list. @throws Error with one line if the list cannot be read. */
export function isListed(key: PublicKey, path: string): boolean {
  return parseKeyList(readList(path).toString('utf8'), path).keys.has(key);
}

/** Appends a line to the list, and changes nothing else. Returns false if its key was there already. */
export function addToList(key: PublicKey, line: string, list: EditableList): Promise<boolean> {
  return underLock(list, (file) => {
    if (isListed(key, file)) return false;
    const content = readList(file);
    const isOpen = content.length > 0 && content.at(-1) !== '\n'.charCodeAt(0);
    writeList(file, [content, Buffer.from(`${isOpen ? '\n' : ''}${line}\n`)]);
    return true;
  });
}

/** Removes every line with the key from the list. Returns false if there was none. */
export function removeFromList(key: PublicKey, list: EditableList): Promise<boolean> {
  return underLock(list, (file) => {
    if (!isListed(key, file)) return false;
    const lines = splitLines(readList(file));
    writeList(
      file,
      lines.filter((line) => !isLineOf(key, line.toString('utf8'))),
    );
    return true;
  });
}

/** When two operators edit a list at the same time, neither loses the other's line. */
async function underLock<T>({ path, runtimeDirectory }: EditableList, edit: (file: string) => T): Promise<T> {
  const lock = await takeListLock(runtimeDirectory);
  try {
    return edit(findList(path));
  } finally {
    lock.release();
  }
}

/**
 * The list itself, with symbolic links resolved; to be called once, before anything is read.
 * @throws InputError if anyone but root could replace the link or the file.
 */
function findList(path: string): string {
  makeTrustedDirectory(dirname(path));
  const file = findTrusted(path)?.path ?? path;
  makeTrustedDirectory(dirname(file));
  return file;
}

/** The list byte for byte; empty if there is no file. */
function readList(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw new Error(`Cannot read ${path}: ${describeSystemError(error)}`, { cause: error });
  }
}

/** With their line ends, whatever bytes they have. */
function splitLines(list: Buffer): Buffer[] {
  const lines = list.toString('latin1').match(/[^\n]*\n|[^\n]+/g) ?? [];
  return lines.map((line) => Buffer.from(line, 'latin1'));
}

/** In one step, as the service may read the list at any time; the owner and the mode stay. */
function writeList(file: string, parts: readonly Buffer[]): void {
  const like = statSync(file, { throwIfNoEntry: false });
  replaceFile(file, Buffer.concat(parts), { mode: READABLE_BY_ALL, like });
}
