import { realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Config } from '../config.ts';
import { isLineOf } from '../core/disallowed-list.ts';
import type { PublicKey } from '../core/public-key.ts';
import { describeSystemError } from '../errors.ts';
import { readDisallowedKeys, readList } from './disallowed-keys.ts';
import { takeListLock } from './lock.ts';
import { replaceFile } from './replace-file.ts';
import { makeTrustedDirectory } from './trust.ts';

type Settings = Pick<Config, 'disallowed_keys' | 'runtime_directory'>;

/** Whether the key is on the list. @throws Error with one line where that cannot be read. */
export function isListed(key: PublicKey, { disallowed_keys: path }: Settings): boolean {
  try {
    return readDisallowedKeys(path).keys.has(key);
  } catch (error) {
    throw new Error(`Cannot read ${path}: ${describeSystemError(error)}`, { cause: error });
  }
}

/** Puts a line at the end of the list, which stays as it is otherwise. False where its key was there already. */
export function addToList(key: PublicKey, line: string, settings: Settings): Promise<boolean> {
  return underLock(settings, () => {
    if (isListed(key, settings)) return false;
    const list = readList(settings.disallowed_keys);
    const isOpen = list.length > 0 && list.at(-1) !== '\n'.charCodeAt(0);
    writeList(settings.disallowed_keys, [list, Buffer.from(`${isOpen ? '\n' : ''}${line}\n`)]);
    return true;
  });
}

/** Takes every line with the key out of the list. False where there was none. */
export function removeFromList(key: PublicKey, settings: Settings): Promise<boolean> {
  return underLock(settings, () => {
    if (!isListed(key, settings)) return false;
    const lines = splitLines(readList(settings.disallowed_keys));
    writeList(
      settings.disallowed_keys,
      lines.filter((line) => !isLineOf(key, line.toString('utf8'))),
    );
    return true;
  });
}

/** Of two operators who edit the list at the same time neither loses the other's line. */
async function underLock<T>({ runtime_directory }: Settings, edit: () => T): Promise<T> {
  const lock = await takeListLock(runtime_directory);
  try {
    return edit();
  } finally {
    lock.release();
  }
}

/** With their ends, whatever bytes they have. */
function splitLines(list: Buffer): Buffer[] {
  const lines = list.toString('latin1').match(/[^\n]*\n|[^\n]+/g) ?? [];
  return lines.map((line) => Buffer.from(line, 'latin1'));
}

/** In one step, as the service may read it at any time; it stays whose it is, and where a symbolic link leads. */
function writeList(path: string, parts: readonly Buffer[]): void {
  const old = statSync(path, { throwIfNoEntry: false });
  const target = old === undefined ? path : realpathSync(path);
  makeTrustedDirectory(dirname(target));
  replaceFile(target, Buffer.concat(parts), { like: old });
}
