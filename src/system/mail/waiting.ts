import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { MAIL_STATE_DIRECTORY, NOTES, PAUSES, parseLetterName } from '../../core/mail/letter.ts';
import { type PauseList, pausesSchema } from '../../core/mail/pauses.ts';
import { parseJsonOf } from '../../core/values/json.ts';
import type { UnixSeconds } from '../../core/values/time.ts';
import { openNotes } from './notes.ts';

/** More would be the work of an attacker who has taken wgkex-mail over. */
const MAX_BYTES = 1_048_576;

/** The letters that have not been sent. */
export interface Waiting {
  readonly count: number;
  /** When the oldest was written; undefined if none waits. */
  readonly oldest: UnixSeconds | undefined;
  /** Why the last attempt failed, in words that nobody has checked; undefined if wgkex-mail has not said. */
  readonly reason: string | undefined;
}

/**
 * What waits in the outbox, by what wgkex-mail says in its own directory. That is an unprivileged user's: no link is
 * followed, and what is damaged counts as nothing said.
 */
export function readWaiting(outbox: string, directory = MAIL_STATE_DIRECTORY): Waiting {
  const letters = listLetters(outbox, join(directory, NOTES)).sort((one, other) => one.time - other.time);
  const [oldest] = letters;
  if (oldest === undefined) return { count: 0, oldest: undefined, reason: undefined };
  const pauses = readPauses(join(directory, PAUSES));
  const reason = pauses?.server?.reason ?? findReason(letters, pauses);
  return { count: letters.length, oldest: oldest.time, reason };
}

interface WaitingLetter {
  readonly name: string;
  readonly time: UnixSeconds;
}

function listLetters(outbox: string, notesDirectory: string): WaitingLetter[] {
  const names = listNames(outbox).filter((name) => parseLetterName(name) !== undefined);
  return withoutSent(names, notesDirectory).flatMap((name) => {
    const status = lstatSync(join(outbox, name), { throwIfNoEntry: false });
    return status === undefined ? [] : [{ name, time: Math.floor(status.mtimeMs / 1000) }];
  });
}

/** Without an outbox there are none. */
function listNames(outbox: string): string[] {
  try {
    return readdirSync(outbox);
  } catch {
    return [];
  }
}

/** Those that were sent go with the next pass of the cleanup. */
function withoutSent(names: readonly string[], directory: string): readonly string[] {
  try {
    const notes = openNotes(directory);
    const unsent = names.filter((name) => !notes.has(name));
    notes.close();
    return unsent;
  } catch {
    return names;
  }
}

function findReason(letters: readonly WaitingLetter[], pauses: PauseList | undefined): string | undefined {
  const [reason] = letters.flatMap(({ name }) => pauses?.letters[name]?.reason ?? []);
  return reason;
}

function readPauses(path: string): PauseList | undefined {
  try {
    return parseJsonOf(pausesSchema, readBounded(path), path);
  } catch {
    return undefined;
  }
}

/** @throws Error for a link, for anything but a file, and for one that is too large. */
function readBounded(path: string): string {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const file = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const { size } = fstatSync(file);
    if (!fstatSync(file).isFile() || size > MAX_BYTES) throw new Error(`Cannot read ${path}: expected a small file`);
    const bytes = Buffer.alloc(size);
    return bytes.toString('utf8', 0, readSync(file, bytes, 0, size, 0));
  } finally {
    closeSync(file);
  }
}
