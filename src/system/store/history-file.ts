import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { type History, MAX_SLOTS, SLOT_SECONDS } from '../../core/peers/history.ts';
import { describeSystemError, InputError } from '../../core/values/errors.ts';
import { parseJsonOf } from '../../core/values/json.ts';
import type { DomainName } from '../../core/values/names.ts';
import { replaceFile } from '../files/replace-file.ts';
import { makeTrustedDirectory } from '../files/trust.ts';

/** Some three times the size of a full week. */
const FILE_BYTES = 131_072;

const number = z.int().nonnegative();
const historySchema = z.strictObject({
  version: z.literal(1),
  slots: z
    .array(z.strictObject({ since: number.multipleOf(SLOT_SECONDS), alive: number, joined: number }))
    .max(MAX_SLOTS),
});

/** The file with the history of a domain, for the public page. Its only writer, the cleanup, holds the domain's lock. */
export class HistoryFile {
  readonly path: string;

  constructor(stateDirectory: string, domain: DomainName) {
    this.path = join(stateDirectory, `${domain}.history.json`);
  }

  /**
   * Without a file there is no history.
   * @throws InputError with one line that names the file, if it is damaged; Error if it cannot be read.
   */
  read(): History {
    const text = this.#readText();
    return text === undefined ? [] : parseJsonOf(historySchema, text, `the history in ${this.path}`).slots;
  }

  /** @throws Error with one line that names the file, if it cannot be written. */
  write(slots: History): void {
    makeTrustedDirectory(dirname(this.path));
    replaceFile(this.path, `${JSON.stringify({ version: 1, slots })}\n`);
  }

  #readText(): string | undefined {
    try {
      return readBounded(this.path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      if (error instanceof InputError) throw error;
      throw new Error(`Cannot read ${this.path}: ${describeSystemError(error)}`, { cause: error });
    }
  }
}

function readBounded(path: string): string {
  const file = openSync(path, 'r');
  try {
    if (fstatSync(file).size > FILE_BYTES)
      throw new InputError(`Cannot read the history in ${path}: more than ${FILE_BYTES} bytes`);
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}
