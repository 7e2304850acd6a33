import { statSync } from 'node:fs';

/** Reads a file again only where it is another one than the last time. */
export class StampedFile<T> {
  readonly path: string;
  readonly #read: (path: string) => T;
  #known: { readonly stamp: string; readonly value: T } | undefined;

  constructor(path: string, read: (path: string) => T) {
    this.path = path;
    this.#read = read;
  }

  /** Undefined where there is no file. @throws what reading it throws. */
  read(): T | undefined {
    const stamp = findStamp(this.path);
    if (stamp === undefined) return undefined;
    if (this.#known?.stamp !== stamp) this.#known = { stamp, value: this.#read(this.path) };
    return this.#known.value;
  }

  /** Reads the file again the next time, whatever it is. */
  forget(): void {
    this.#known = undefined;
  }

  /** The file was changed to hold this value. */
  settle(value: T): void {
    const stamp = findStamp(this.path);
    this.#known = stamp === undefined ? undefined : { stamp, value };
  }
}

/** Changes whenever the file is replaced or appended to. */
function findStamp(path: string): string | undefined {
  const status = statSync(path, { bigint: true, throwIfNoEntry: false });
  return status && `${status.ino} ${status.mtimeNs} ${status.ctimeNs} ${status.size}`;
}
