import { closeSync, existsSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseLetterName } from '../core/mail/letter.ts';
import type { UnixSeconds } from '../core/values/time.ts';

/** What was sent: an empty file for each letter, with its name, which root removes once the lease has ended. */
export class Notes {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  has(name: string): boolean {
    return existsSync(join(this.#directory, name));
  }

  /** How many letters were sent then. A note from the future is of a clock that was wrong, and must stop nothing. */
  countBetween(from: UnixSeconds, to: UnixSeconds): number {
    const sent = readdirSync(this.#directory).filter((name) => parseLetterName(name) !== undefined);
    return sent.map((name) => this.#findTime(name)).filter((time) => time > from && time <= to).length;
  }

  /**
   * Before a letter is sent: on a full or read-only disk, which could not take the note, this fails, and the letter would
   * be sent again and again.
   */
  prepare(name: string): void {
    closeSync(openSync(this.#prepared(name), 'w', 0o644));
  }

  /** After {@link prepare}, once the letter was sent; also after a power cut. */
  confirm(name: string): void {
    renameSync(this.#prepared(name), join(this.#directory, name));
    const directory = openSync(this.#directory, 'r');
    fsyncSync(directory);
    closeSync(directory);
  }

  /** After {@link prepare}, if the letter was not sent. */
  discard(name: string): void {
    rmSync(this.#prepared(name), { force: true });
  }

  #prepared(name: string): string {
    return join(this.#directory, `${name}.new`);
  }

  /** 0 if root has just removed it. */
  #findTime(name: string): UnixSeconds {
    const status = statSync(join(this.#directory, name), { throwIfNoEntry: false });
    return (status?.mtimeMs ?? 0) / 1000;
  }
}
