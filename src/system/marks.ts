import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import type { DomainName } from '../core/domain.ts';
import { parseJsonOf } from '../core/json.ts';
import type { UnixSeconds } from '../core/peers.ts';
import { InputError } from '../core/printable.ts';
import { isPublicKey, type PublicKey } from '../core/public-key.ts';
import type { Marks } from '../core/staleness.ts';
import { makeTrustedDirectory } from './trust.ts';

/** The file with the marks of a domain is not what it should be. */
export class DamagedMarksError extends Error {
  override name = 'DamagedMarksError';
}

/** A file of 100,000 keys has 6 MB. */
const marksSchema = z.strictObject({
  version: z.literal(1),
  marks: z.record(z.string().refine(isPublicKey), z.int().nonnegative()),
});

export function findMarksFile(stateDirectory: string, domain: DomainName): string {
  return join(stateDirectory, `${domain}.json`);
}

/**
 * The marks of a domain; none where there is no file yet.
 * @throws DamagedMarksError where the file is not one that {@link writeMarks} wrote.
 */
export function readMarks(file: string): Marks {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
    throw error;
  }
  return parseMarks(text, file);
}

/** Replaces the file in one step: after a power cut it holds either the old marks or the new ones. */
export function writeMarks(file: string, marks: Marks): void {
  makeTrustedDirectory(dirname(file));
  const temporary = `${file}.new`;
  const descriptor = openSync(temporary, 'w', 0o644);
  try {
    writeFileSync(descriptor, `${JSON.stringify({ version: 1, marks: Object.fromEntries(marks) })}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary, file);
}

/** Keeps a damaged file for whoever wants to know what happened, out of the way. Returns where it is now. */
export function setAsideMarks(file: string): string {
  const aside = `${file}.damaged`;
  renameSync(file, aside);
  return aside;
}

/** Whoever registers again starts anew: the marks of `keys` go. Writes only where there were any. */
export function forgetMarks(file: string, keys: Iterable<PublicKey>): void {
  const marks = new Map(readMarks(file));
  const forgotten = [...keys].filter((key) => marks.delete(key));
  if (forgotten.length > 0) writeMarks(file, marks);
}

function parseMarks(text: string, file: string): Marks {
  try {
    const { marks } = parseJsonOf(marksSchema, text, `the marks in ${file}`);
    return new Map(Object.entries(marks) as [PublicKey, UnixSeconds][]);
  } catch (error) {
    throw error instanceof InputError ? new DamagedMarksError(error.message, { cause: error }) : error;
  }
}
