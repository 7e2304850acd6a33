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

/** Appended to as long as it is not this many times as long as when it was written, or short. */
const GROWTH = 4;
const SHORT_BYTES = 1024 * 1024;

/** The file with the record of a WireGuard interface. Whoever writes it holds the lock of the domain. */
export class RecordFile {
  readonly path: string;
  readonly #file: StampedFile<PeerRecord>;
  #writtenBytes = 0;

  constructor(runtimeDirectory: string, { wireguard }: Pick<DomainConfig, 'wireguard'>) {
    this.path = join(runtimeDirectory, `${wireguard}.record`);
    this.#file = new StampedFile(this.path, (path) => PeerRecord.parse(readPrivateFile(path)));
  }

  /**
   * Undefined where there is none. Reads it again only where another process changed it.
   * @throws InputError where it is damaged, Error where it cannot be read.
   */
  read(): PeerRecord | undefined {
    try {
      return this.#file.read();
    } catch (error) {
      if (error instanceof InputError) throw error;
      throw new Error(`Cannot read ${this.path}: ${describeSystemError(error)}`, { cause: error });
    }
  }

  /** The copy from before it was last rewritten; undefined where that is of no use. */
  readPrevious(): PeerRecord | undefined {
    try {
      return PeerRecord.parse(readPrivateFile(this.#previous));
    } catch {
      return undefined;
    }
  }

  /**
   * Adds lines that `record` has already; rewrites the file where it has grown long.
   * @throws Error with one line that names the file, where it cannot be written; then it is as it was.
   */
  append(lines: readonly string[], record: PeerRecord, now: Moment): void {
    if (lines.length === 0) return;
    // A record with lines that are not in the file is worth nothing.
    this.#file.forget();
    const size = this.#attempt(() => appendWhole(this.path, lines));
    this.#file.settle(record);
    if (size > Math.max(SHORT_BYTES, this.#writtenBytes * GROWTH)) this.rewrite(record, now);
  }

  /** Writes the whole record. @throws Error as {@link RecordFile.append}. */
  rewrite(record: PeerRecord, now: Moment): void {
    const content = record.format(now);
    this.#attempt(() => this.#keepPrevious());
    // It lives no longer than the kernel's peers do.
    replaceFile(this.path, content, { isSynced: false });
    this.#writtenBytes = Buffer.byteLength(content);
    this.#file.settle(record);
  }

  /** Keeps a damaged file for whoever wants to know what happened. Returns where it is now. */
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

/** All of it or nothing; a line that was torn before goes first. Returns the size of the file. */
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

/** Cuts off what a killed process left of a line. */
function findWholeBytes(file: number): number {
  const { size } = fstatSync(file);
  const end = Buffer.alloc(1);
  if (size === 0 || (readSync(file, end, 0, 1, size - 1) === 1 && end[0] === NEWLINE)) return size;
  const whole = readFileSync(file).lastIndexOf(NEWLINE) + 1;
  ftruncateSync(file, whole);
  return whole;
}
