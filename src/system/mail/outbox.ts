import {
  closeSync,
  existsSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  type Stats,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import {
  formatLetter,
  type Letter,
  type LetterName,
  nameLetter,
  parseLetter,
  parseLetterName,
} from '../../core/mail/letter.ts';
import { describeSystemError, InputError } from '../../core/values/errors.ts';
import type { DomainName } from '../../core/values/names.ts';
import { findTrusted, judgeStep } from '../files/trust.ts';
import { openNotes } from './notes.ts';

/** What the name of a letter that is not in the outbox yet has after it, with the domain in between. */
const UNFINISHED = '.new';
/** For root and the group of the directory, which is that of wgkex-mail. */
const READABLE_BY_SENDER = 0o640;

/** A letter that is complete, and that wgkex-mail does not see yet. */
export interface PreparedLetter {
  /** Puts it into the outbox in one step; a letter of the same name stays as it is. Returns false if there is one. */
  publish(): boolean;
  discard(): void;
}

/**
 * Prepares a letter, so that nothing can fail any more after the change that it is about. The directory's group will be
 * able to read it: that is the sender's.
 * @throws Error with one line that names the file, if it cannot be written.
 */
export function prepareLetter(outbox: string, letter: Letter): PreparedLetter {
  const name = nameLetter(letter);
  const path = join(outbox, name);
  return attempt(path, () => {
    const unfinished = `${name}${endUnfinished(letter.domain)}`;
    writeWhole(join(outbox, unfinished), formatLetter(letter), requireOutbox(outbox));
    return describePrepared(outbox, name, unfinished);
  });
}

/** {@link prepareLetter}, and publishes it. */
export function writeLetter(outbox: string, letter: Letter): boolean {
  return prepareLetter(outbox, letter).publish();
}

/**
 * Publishes or discards the letters of a domain whose writer ended before it did either. The domain's lock, which the
 * caller has, keeps away those that are being written.
 */
export function finishLetters(outbox: string, domain: DomainName, isTrue: (letter: Letter) => boolean): void {
  const end = endUnfinished(domain);
  for (const file of readdirSync(outbox).filter((one) => one.endsWith(end))) {
    const letter = readWhole(join(outbox, file));
    const prepared = describePrepared(outbox, file.slice(0, -end.length), file);
    if (letter !== undefined && isTrue(letter)) prepared.publish();
    else prepared.discard();
  }
}

/** Removes the letters of a domain that wait and are not true any more. One that cannot be read is left to wgkex-mail. */
export function dropUntrue(outbox: string, domain: DomainName, isUntrue: (letter: Letter) => boolean): void {
  for (const file of readdirSync(outbox).filter((one) => parseLetterName(one) !== undefined)) {
    const letter = readWhole(join(outbox, file));
    if (letter?.domain === domain && isUntrue(letter)) unlinkIfThere(join(outbox, file));
  }
}

/** No name of a domain has a dot in it. */
function endUnfinished(domain: string): string {
  return `.${domain}${UNFINISHED}`;
}

function describePrepared(outbox: string, name: string, unfinished: string): PreparedLetter {
  const [path, temporary] = [join(outbox, name), join(outbox, unfinished)];
  const discard = () => {
    unlinkIfThere(temporary);
    syncDirectory(outbox);
  };
  return {
    publish: () =>
      attempt(path, () => {
        const isNew = linkOnce(temporary, path);
        discard();
        return isNew;
      }),
    discard,
  };
}

function readWhole(path: string): Letter | undefined {
  try {
    return parseLetter(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error instanceof InputError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function attempt<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw new Error(`Cannot write ${path}: ${describeSystemError(error)}`, { cause: error });
  }
}

/**
 * Removes the letters that wgkex-mail notes as sent, of those that are meant, and says which these were. Their notes stay:
 * a letter that is written again, because its mark in the table came too late, is not sent again, but found here once more.
 * @throws Error if a directory cannot be read or a letter not be removed.
 */
export function clearSent(
  outbox: string,
  notesDirectory: string,
  isMeant: (letter: LetterName) => boolean = () => true,
): LetterName[] {
  const notes = openNotes(notesDirectory);
  try {
    return readdirSync(outbox).flatMap((file) => {
      const letter = parseLetterName(file);
      if (letter === undefined || !isMeant(letter) || !notes.has(file)) return [];
      unlinkIfThere(join(outbox, file));
      return [letter];
    });
  } finally {
    notes.close();
  }
}

/**
 * Removes letters that have not been sent yet, such as one with a token that is no longer valid. Those that are not in
 * the outbox yet are left to {@link finishLetters}.
 */
export function withdrawLetters(outbox: string, isMeant: (letter: LetterName, name: string) => boolean): void {
  for (const file of existsSync(outbox) ? readdirSync(outbox) : []) {
    const letter = parseLetterName(file);
    if (letter !== undefined && isMeant(letter, file)) unlinkIfThere(join(outbox, file));
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
