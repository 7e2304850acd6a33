import { statSync } from 'node:fs';

/** Reads a file again only if it has changed since the last time. */
export class StampedFile<T> {
  readonly path: string;
  readonly #read: (path: string) => T;
  #known: { readonly stamp: string; readonly value: T } | undefined;

  constructor(path: string, read: (path: string) => T) {
    this.path = path;
    this.#read = read;
  }

  /** Undefined if there is no file. @throws the errors of reading it. */
  read(): T | undefined {
    const stamp = findStamp(this.path);
    if (stamp === undefined) return undefined;
    if (this.#known?.stamp !== stamp) this.#known = { stamp, value: this.#read(this.path) };
    return this.#known.value;
  }

  /** The next call reads the file again, changed or not. */
  forget(): void {
    this.#known = undefined;
  }

  /** Notes that the file was changed to hold this value. */
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
