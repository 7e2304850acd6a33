import { chmodSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import type { Marks } from '../../core/decisions/staleness.ts';
import { InputError } from '../../core/values/errors.ts';
import { parseJsonOf } from '../../core/values/json.ts';
import type { DomainName } from '../../core/values/names.ts';
import type { Handshakes } from '../../core/values/peer.ts';
import { isPublicKey, type PublicKey } from '../../core/values/public-key.ts';
import type { UnixSeconds } from '../../core/values/time.ts';
import { PRIVATE, readPrivateFile } from '../files/private-file.ts';
import { replaceFile } from '../files/replace-file.ts';
import { StampedFile } from '../files/stamped-file.ts';
import { makeTrustedDirectory } from '../files/trust.ts';

/** What is remembered about a domain, across restarts and reboots. */
export interface DomainState {
  readonly marks: Marks;
  /** The keys that were alive when this was written, with their last handshakes. */
  readonly alive: Handshakes;
  /** The interfaces on which they were alive; see `readInterfacesId`. */
  readonly interfaces: string;
  readonly cleanup: CleanupCounts;
}

/** What the cleanup has done since the state began. */
export interface CleanupCounts {
  readonly passes: number;
  /** Keys that it removed. */
  readonly removals: number;
  /** 0 if there was none yet. */
  readonly lastPass: UnixSeconds;
}

/** The state of a domain is damaged. */
export class DamagedStateError extends Error {
  override name = 'DamagedStateError';
}

export const NO_CLEANUP: CleanupCounts = { passes: 0, removals: 0, lastPass: 0 };
export const EMPTY_STATE: DomainState = { marks: new Map(), alive: new Map(), interfaces: '', cleanup: NO_CLEANUP };

const number = z.int().nonnegative();
const timesSchema = z
  .record(z.string().refine(isPublicKey), number)
  .transform((times) => new Map(Object.entries(times) as [PublicKey, UnixSeconds][]));
/** A file of 100,000 keys has some 10 MB. */
const stateSchema = z.strictObject({
  version: z.literal(1),
  interfaces: z.string().default(''),
  marks: timesSchema,
  alive: timesSchema.prefault({}),
  cleanup: z.strictObject({ passes: number, removals: number, lastPass: number }).default(NO_CLEANUP),
});

/** The file with the state of a domain. Its writers hold the lock of the domain. */
export class StateFile {
  readonly path: string;
  readonly #file: StampedFile<DomainState>;

  constructor(stateDirectory: string, domain: DomainName) {
    this.path = join(stateDirectory, `${domain}.json`);
    this.#file = new StampedFile(this.path, (path) => parseState(readPrivateFile(path), path));
  }

  /**
   * {@link EMPTY_STATE} if there is no file yet. Reads it again only if it has changed since the last time.
   * @throws DamagedStateError if the file is not one that {@link StateFile.write} wrote.
   */
  read(): DomainState {
    return this.#file.read() ?? EMPTY_STATE;
  }

  /** @throws Error with one line that names the file, if it cannot be written. */
  write({ marks, alive, interfaces, cleanup }: DomainState): void {
    makeTrustedDirectory(dirname(this.path));
    const times = { marks: Object.fromEntries(marks), alive: Object.fromEntries(alive) };
    const state = { version: 1, interfaces, cleanup, ...times };
    replaceFile(this.path, `${JSON.stringify(state)}\n`);
  }

  /** Renames a damaged file, so that it can be examined. Returns its new path. */
  setAside(): string {
    const aside = `${this.path}.damaged`;
    chmodSync(this.path, PRIVATE);
    renameSync(this.path, aside);
    return aside;
  }

  /** A router that registers again starts afresh: removes the marks of `keys`. Writes only if there were any. */
  forgetMarks(keys: Iterable<PublicKey>): void {
    const state = this.read();
    const marks = new Map(state.marks);
    const forgotten = [...keys].filter((key) => marks.delete(key));
    if (forgotten.length > 0) this.write({ ...state, marks });
  }
}

function parseState(text: string, path: string): DomainState {
  try {
    const { version: _, ...state } = parseJsonOf(stateSchema, text, `the state in ${path}`);
    return state;
  } catch (error) {
    throw error instanceof InputError ? new DamagedStateError(error.message, { cause: error }) : error;
  }
}
