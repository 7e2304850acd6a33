import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { isLineOf, parseKeyList } from '../../core/exchange/key-list.ts';
import { describeSystemError } from '../../core/values/errors.ts';
import type { PublicKey } from '../../core/values/public-key.ts';
import { takeListLock } from '../files/lock.ts';
import { replaceFile } from '../files/replace-file.ts';
import { findTrusted, makeTrustedDirectory } from '../files/trust.ts';

const READABLE_BY_ALL = 0o644;

/** A list that an operator edits, and where its lock is. */
export interface EditableList {
  readonly path: string;
  readonly runtimeDirectory: string;
  /** The mode of a list that does not exist yet; by default everyone may read it. */
  readonly newMode?: number;
}

/** Whether the key is on the list. @throws Error with one line if the list cannot be read. */
export function isListed(key: PublicKey, path: string): boolean {
  return hasKey(key, readList(path));
}

/** Appends a line to the list, and changes nothing else. Returns false if its key was there already. */
export function addToList(key: PublicKey, line: string, list: EditableList): Promise<boolean> {
  return editList(list, (content) => (hasKey(key, content) ? undefined : appendLine(content, line)));
}

/** Removes every line with the key from the list. Returns false if there was none. */
export function removeFromList(key: PublicKey, list: EditableList): Promise<boolean> {
  return editList(list, (content) =>
    hasKey(key, content) ? splitLines(content).filter((line) => !isLineOf(key, line.toString('utf8'))) : undefined,
  );
}

/**
 * Replaces the content of a list by what `edit` makes of it; undefined leaves it as it is, which returns false. When two
 * operators edit a list at the same time, neither loses the other's line.
 */
export async function editList(
  { path, runtimeDirectory, newMode = READABLE_BY_ALL }: EditableList,
  edit: (content: Buffer) => readonly Buffer[] | undefined,
): Promise<boolean> {
  const lock = await takeListLock(runtimeDirectory);
  try {
    const file = findList(path);
    const parts = edit(readList(file));
    if (parts !== undefined) writeList(file, parts, newMode);
    return parts !== undefined;
  } finally {
    lock.release();
  }
}

function hasKey(key: PublicKey, content: Buffer): boolean {
  return parseKeyList(content.toString('utf8'), '').keys.has(key);
}

/** The content with one more line at its end. */
export function appendLine(content: Buffer, line: string): Buffer[] {
  const isOpen = content.length > 0 && content.at(-1) !== '\n'.charCodeAt(0);
  return [content, Buffer.from(`${isOpen ? '\n' : ''}${line}\n`)];
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

/** The list byte for byte; empty if there is no file. @throws Error with one line if it cannot be read. */
export function readList(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw new Error(`Cannot read ${path}: ${describeSystemError(error)}`, { cause: error });
  }
}

/** With their line ends, whatever bytes they have. */
export function splitLines(list: Buffer): Buffer[] {
  const lines = list.toString('latin1').match(/[^\n]*\n|[^\n]+/g) ?? [];
  return lines.map((line) => Buffer.from(line, 'latin1'));
}

/** In one step, as the service may read the list at any time; the owner and the mode stay. */
function writeList(file: string, parts: readonly Buffer[], mode: number): void {
  const like = statSync(file, { throwIfNoEntry: false });
  replaceFile(file, Buffer.concat(parts), { mode, like });
}
