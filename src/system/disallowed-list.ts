import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Config } from '../config.ts';
import { isLineOf } from '../core/key-list.ts';
import type { PublicKey } from '../core/public-key.ts';
import { describeSystemError } from '../errors.ts';
import { readDisallowedKeys, readList } from './disallowed-keys.ts';
import { takeListLock } from './lock.ts';
import { replaceFile } from './replace-file.ts';
import { findTrusted, makeTrustedDirectory } from './trust.ts';

const READABLE_BY_ALL = 0o644;

type Settings = Pick<Config, 'disallowed_keys' | 'runtime_directory'>;

/** Whether the key is on the list. @throws Error with one line where that cannot be read. */
export function isListed(key: PublicKey, { disallowed_keys: path }: Pick<Settings, 'disallowed_keys'>): boolean {
  try {
    return readDisallowedKeys(path).keys.has(key);
  } catch (error) {
    throw new Error(`Cannot read ${path}: ${describeSystemError(error)}`, { cause: error });
  }
}

/** Puts a line at the end of the list, which stays as it is otherwise. False where its key was there already. */
export function addToList(key: PublicKey, line: string, settings: Settings): Promise<boolean> {
  return underLock(settings, (file) => {
    if (isListed(key, { disallowed_keys: file })) return false;
    const list = readList(file);
    const isOpen = list.length > 0 && list.at(-1) !== '\n'.charCodeAt(0);
    writeList(file, [list, Buffer.from(`${isOpen ? '\n' : ''}${line}\n`)]);
    return true;
  });
}

/** Takes every line with the key out of the list. False where there was none. */
export function removeFromList(key: PublicKey, settings: Settings): Promise<boolean> {
  return underLock(settings, (file) => {
    if (!isListed(key, { disallowed_keys: file })) return false;
    const lines = splitLines(readList(file));
    writeList(
      file,
      lines.filter((line) => !isLineOf(key, line.toString('utf8'))),
    );
    return true;
  });
}

/** Of two operators who edit the list at the same time neither loses the other's line. */
async function underLock<T>(settings: Settings, edit: (file: string) => T): Promise<T> {
  const lock = await takeListLock(settings.runtime_directory);
  try {
    return edit(findList(settings.disallowed_keys));
  } finally {
    lock.release();
  }
}

/**
 * The list itself, where a symbolic link leads; to be asked once, and before anything is read.
 * @throws InputError where anyone but root could put another link or another file there.
 */
function findList(path: string): string {
  makeTrustedDirectory(dirname(path));
  const file = findTrusted(path)?.path ?? path;
  makeTrustedDirectory(dirname(file));
  return file;
}

/** With their ends, whatever bytes they have. */
function splitLines(list: Buffer): Buffer[] {
  const lines = list.toString('latin1').match(/[^\n]*\n|[^\n]+/g) ?? [];
  return lines.map((line) => Buffer.from(line, 'latin1'));
}

/** In one step, as the service may read it at any time; it stays whose it is. */
function writeList(file: string, parts: readonly Buffer[]): void {
  const like = statSync(file, { throwIfNoEntry: false });
  replaceFile(file, Buffer.concat(parts), { mode: READABLE_BY_ALL, like });
}
