import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  linkSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { DomainConfig } from '../../config/config.ts';
import { PeerRecord } from '../../core/peers/record.ts';
import { describeSystemError, InputError } from '../../core/values/errors.ts';
import type { Moment } from '../../core/values/time.ts';
import { readPrivateFile } from '../files/private-file.ts';
import { replaceFile } from '../files/replace-file.ts';
import { StampedFile } from '../files/stamped-file.ts';

/** The file is rewritten once it has this many times the size that was last written, and is not short. */
const GROWTH = 4;
const SHORT_BYTES = 1024 * 1024;

/** The file with the record of a WireGuard interface. Its writers hold the lock of the domain. */
export class RecordFile {
  readonly path: string;
  readonly #file: StampedFile<PeerRecord>;
  #writtenBytes = 0;

  constructor(runtimeDirectory: string, { wireguard }: Pick<DomainConfig, 'wireguard'>) {
    this.path = join(runtimeDirectory, `${wireguard}.record`);
    this.#file = new StampedFile(this.path, (path) => PeerRecord.parse(readPrivateFile(path)));
  }

  /**
   * Undefined if there is none. Reads it again only if another process has changed it.
   * @throws InputError if it is damaged, Error if it cannot be read.
   */
  read(): PeerRecord | undefined {
    try {
      return this.#file.read();
    } catch (error) {
      if (error instanceof InputError) throw error;
      throw new Error(`Cannot read ${this.path}: ${describeSystemError(error)}`, { cause: error });
    }
  }

  /** The copy from before the last rewrite; undefined if that is of no use. */
  readPrevious(): PeerRecord | undefined {
    try {
      return PeerRecord.parse(readPrivateFile(this.#previous));
    } catch {
      return undefined;
    }
  }

  /**
   * Appends lines that `record` already has; rewrites the file if it has grown long.
   * @throws Error with one line that names the file, if it cannot be written; then it has not changed.
   */
  append(lines: readonly string[], record: PeerRecord, now: Moment): void {
    if (lines.length === 0) return;
    // A record with lines that are not in the file is useless.
    this.#file.forget();
    const size = this.#attempt(() => appendWhole(this.path, lines));
    this.#file.settle(record);
    if (size > Math.max(SHORT_BYTES, this.#writtenBytes * GROWTH)) this.rewrite(record, now);
  }

  /** Writes the whole record. @throws Error like {@link RecordFile.append}. */
  rewrite(record: PeerRecord, now: Moment): void {
    const content = record.format(now);
    this.#attempt(() => this.#keepPrevious());
    // The file lives no longer than the kernel's peers do.
    replaceFile(this.path, content, { isSynced: false });
    this.#writtenBytes = Buffer.byteLength(content);
    this.#file.settle(record);
  }

  /** Renames a damaged file, so that it can be examined. Returns its new path. */
  setAside(): string {
    const aside = `${this.path}.damaged`;
    renameSync(this.path, aside);
    return aside;
  }

  get #previous(): string {
    return `${this.path}.previous`;
  }

  #keepPrevious(): void {
    rmSync(this.#previous, { force: true });
    try {
      linkSync(this.path, this.#previous);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }

  #attempt<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw new Error(`Cannot write ${this.path}: ${describeSystemError(error)}`, { cause: error });
    }
  }
}

/** Appends all lines or none, after cutting off a torn line. Returns the size of the file. */
function appendWhole(path: string, lines: readonly string[]): number {
  const file = openSync(path, constants.O_RDWR | constants.O_APPEND | constants.O_NOFOLLOW);
  try {
    const whole = findWholeBytes(file);
    const content = Buffer.from(`${lines.join('\n')}\n`);
    try {
      for (let written = 0; written < content.length; ) written += writeSync(file, content, written);
    } catch (error) {
      ftruncateSync(file, whole);
      throw error;
    }
    return whole + content.length;
  } finally {
    closeSync(file);
  }
}

const NEWLINE = 0x0a;

/** Cuts off a partial line that a killed process left. */
function findWholeBytes(file: number): number {
  const { size } = fstatSync(file);
  const end = Buffer.alloc(1);
  if (size === 0 || (readSync(file, end, 0, 1, size - 1) === 1 && end[0] === NEWLINE)) return size;
  const whole = readFileSync(file).lastIndexOf(NEWLINE) + 1;
  ftruncateSync(file, whole);
  return whole;
}
