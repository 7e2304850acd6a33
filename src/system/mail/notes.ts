import { closeSync, constants, lstatSync, opendirSync, openSync, unlinkSync } from 'node:fs';
import type { LeaseId } from '../../core/leases/lease.ts';
import { parseLetterName } from '../../core/mail/letter.ts';
import { describeSystemError } from '../../core/values/errors.ts';

/** The notes of sent letters, while they are read. */
interface Notes {
  /** Whether the letter of this name was sent. */
  has(name: string): boolean;
  close(): void;
}

/** More would be the work of an attacker who has taken wgkex-mail over. */
const MOST_NOTES = 1_000_000;

/**
 * Opens the directory in which wgkex-mail notes what it sent. It is that of an unprivileged user: no link is followed,
 * and nothing but the names counts.
 * @throws Error if it is there and cannot be opened.
 */
export function openNotes(directory: string): Notes {
  const held = hold(directory);
  if (held === undefined) return { has: () => false, close: () => {} };
  return {
    has: (name) => lstatSync(`${held.path}/${name}`, { throwIfNoEntry: false }) !== undefined,
    close: held.close,
  };
}

/** Removes the notes of leases that have ended. */
export function dropNotes(directory: string, ids: ReadonlySet<LeaseId>): void {
  const held = hold(directory);
  if (held === undefined) return;
  try {
    for (const name of listNames(held.path)) {
      const letter = parseLetterName(name);
      if (letter !== undefined && ids.has(letter.id)) removeNote(`${held.path}/${name}`);
    }
  } finally {
    held.close();
  }
}

/** A directory by its descriptor: what is put in its place later does not matter. */
function hold(directory: string): { readonly path: string; close(): void } | undefined {
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
  try {
    const file = openSync(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    return { path: `/proc/self/fd/${file}`, close: () => closeSync(file) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new Error(`Cannot read ${directory}: ${describeSystemError(error)}`, { cause: error });
  }
}

function* listNames(path: string): Generator<string> {
  const directory = opendirSync(path);
  try {
    for (let count = 0; count < MOST_NOTES; count++) {
      const entry = directory.readSync();
      if (entry === null) return;
      yield entry.name;
    }
  } finally {
    directory.closeSync();
  }
}

/** A note that is a directory, or that its owner removes in this moment, is not worth an error of root's. */
function removeNote(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!['ENOENT', 'EISDIR', 'EPERM'].includes(code)) throw error;
  }
}
