import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CLIENT_DIRECTORY } from '../../../core/client/installation.ts';
import type { InstanceName } from '../../../core/client/instance.ts';
import { describeSystemError, InputError } from '../../../core/values/errors.ts';
import { readPrivateFile } from '../../files/private-file.ts';
import { replaceFile } from '../../files/replace-file.ts';
import { makeTrustedDirectory } from '../../files/trust.ts';

const ROOT_ALONE = 0o700;

/** What root keeps of one tunnel, and nobody else may read. */
export class PrivateDirectory {
  readonly #base: string;
  readonly #path: string;

  constructor(name: InstanceName, base = CLIENT_DIRECTORY) {
    this.#base = base;
    this.#path = join(base, name);
  }

  path(file: string): string {
    return join(this.#path, file);
  }

  /** The content of a file; undefined if there is none. @throws InputError if it cannot be read. */
  find(file: string): string | undefined {
    const path = this.path(file);
    try {
      return readPrivateFile(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw new InputError(`Cannot read ${path}: ${describeSystemError(error)}`, { cause: error });
    }
  }

  /** The same, but without the file there is no tunnel. @throws InputError if it is missing, too. */
  read(file: string): string {
    const content = this.find(file);
    if (content === undefined)
      throw new InputError(`Cannot read ${this.path(file)}: there is none; set the tunnel up with wgkex-join`);
    return content;
  }

  /** @throws Error with one line that names the file, if it cannot be written; InputError if others could replace it. */
  write(file: string, content: string): void {
    makeTrustedDirectory(this.#base);
    mkdirSync(this.#path, { recursive: true, mode: ROOT_ALONE });
    makeTrustedDirectory(this.#path);
    chmodSync(this.#path, ROOT_ALONE);
    replaceFile(this.path(file), content);
  }

  /** Removes all files, if there are any. */
  remove(): void {
    rmSync(this.#path, { recursive: true, force: true });
  }
}
