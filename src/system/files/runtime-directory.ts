import { statSync } from 'node:fs';
import { makeTrustedDirectory } from './trust.ts';

/** The directory with locks and records was replaced: other processes do not see what this one writes there. */
export class ReplacedDirectoryError extends Error {
  override name = 'ReplacedDirectoryError';
}

/** The directory with locks and records, which must stay the same: a lock in another directory locks nobody out. */
export class RuntimeDirectory {
  readonly #path: string;
  #identity: string | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** @throws ReplacedDirectoryError if it was removed or replaced since the first call. */
  requireSame(): void {
    if (this.#identity === undefined) makeTrustedDirectory(this.#path);
    const identity = findIdentity(this.#path);
    this.#identity ??= identity;
    if (identity === undefined || identity !== this.#identity)
      throw new ReplacedDirectoryError(`Cannot use ${this.#path}: it was removed or replaced`);
  }
}

/** Undefined if there is none; a service still sees its own mount of a directory that others have removed. */
function findIdentity(path: string): string | undefined {
  const status = statSync(path, { throwIfNoEntry: false });
  return status === undefined || status.nlink === 0 ? undefined : `${status.dev} ${status.ino}`;
}
