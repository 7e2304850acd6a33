import {
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readdirSync,
  type Stats,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { LeaseId } from '../../core/leases/lease.ts';
import { formatLetter, type Letter, type LetterName, nameLetter, parseLetterName } from '../../core/mail/letter.ts';
import { describeSystemError, InputError } from '../../core/values/errors.ts';
import { findTrusted, judgeStep } from '../files/trust.ts';
import { openNotes } from './notes.ts';

/** What {@link writeLetter} adds to the name of a file that is not complete. */
const UNFINISHED = '.new';
/** For root and the group of the directory, which is that of wgkex-mail. */
const READABLE_BY_SENDER = 0o640;

/**
 * Puts a letter into the outbox in one step. The directory's group can read it: that is the sender's.
 * @returns false if a letter of the same name is there, which stays as it is.
 * @throws Error with one line that names the file, if it cannot be written.
 */
export function writeLetter(outbox: string, letter: Letter): boolean {
  const path = join(outbox, nameLetter(letter));
  try {
    const temporary = `${path}${UNFINISHED}`;
    const directory = requireOutbox(outbox);
    try {
      writeWhole(temporary, formatLetter(letter), directory);
      return linkOnce(temporary, path);
    } finally {
      unlinkIfThere(temporary);
      syncDirectory(outbox);
    }
  } catch (error) {
    throw new Error(`Cannot write ${path}: ${describeSystemError(error)}`, { cause: error });
  }
}

/**
 * Removes the letters that wgkex-mail notes as sent, and says which these were. Their notes stay: a letter that is
 * written again, because its mark in the table came too late, is not sent again, but found here once more.
 * @throws Error if a directory cannot be read or a letter not be removed.
 */
export function clearSent(outbox: string, notesDirectory: string): LetterName[] {
  const notes = openNotes(notesDirectory);
  try {
    return readdirSync(outbox).flatMap((file) => {
      const letter = parseLetterName(file);
      if (letter === undefined || !notes.has(file)) return [];
      unlinkIfThere(join(outbox, file));
      return [letter];
    });
  } finally {
    notes.close();
  }
}

/** Removes what has not been sent yet to these leases, such as a token that is no longer valid. */
export function withdrawLetters(outbox: string, ids: ReadonlySet<LeaseId>): void {
  for (const file of readdirSync(outbox)) {
    const letter = parseLetterName(file.endsWith(UNFINISHED) ? file.slice(0, -UNFINISHED.length) : file);
    if (letter !== undefined && ids.has(letter.id)) unlinkIfThere(join(outbox, file));
  }
}

/** Letters have tokens in them: nobody but root may put another directory in its place. */
function requireOutbox(outbox: string): Stats {
  const end = findTrusted(outbox);
  if (end === undefined) throw new InputError('there is no such directory; systemd-tmpfiles --create wgkex.conf');
  if (!end.status.isDirectory() || judgeStep(end, true).length > 0)
    throw new InputError('its directory must be writable by root alone');
  return end.status;
}

function writeWhole(path: string, text: string, { gid }: Stats): void {
  const file = openSync(path, 'w', 0o600);
  try {
    // In a set-group-ID directory it has the group already, for which root needs no capability.
    if (fstatSync(file).gid !== gid) fchownSync(file, 0, gid);
    fchmodSync(file, READABLE_BY_SENDER);
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Unlike rename(2), link(2) replaces nothing. */
function linkOnce(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function syncDirectory(path: string): void {
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
