import { lstatSync, readFileSync } from 'node:fs';
import type { Config, DomainConfig } from '../../config/config.ts';
import { type KeyList, parseKeyList } from '../../core/exchange/key-list.ts';
import type { KeyLists } from '../../core/exchange/key-lists.ts';
import { describeSystemError } from '../../core/values/errors.ts';
import { StampedFile } from '../files/stamped-file.ts';

interface NamedList {
  readonly file: StampedFile<KeyList>;
  /** Whether it may be missing: the default lists need not exist. */
  readonly isOptional: boolean;
}

interface ListReading extends KeyList {
  readonly problem?: string;
}

const EMPTY: KeyList = { keys: new Set(), complaints: [] };

/** The lists that apply to a domain; each is read again only if it has changed. */
export class KeyListFiles {
  readonly #disallowed: NamedList;
  readonly #static: NamedList;
  readonly #allowed: NamedList | undefined;

  constructor({ allowed_keys }: Pick<DomainConfig, 'allowed_keys'>, config: Config) {
    this.#disallowed = openList(config.disallowed_keys, !config.named.has('disallowed_keys'));
    this.#static = openList(config.static_keys, !config.named.has('static_keys'));
    this.#allowed = allowed_keys === undefined ? undefined : openList(allowed_keys, false);
  }

  read(): KeyLists {
    const disallowed = readList(this.#disallowed);
    const statics = readList(this.#static);
    const allowed = this.#allowed && readList(this.#allowed);
    const all = [disallowed, statics, ...(allowed === undefined ? [] : [allowed])];
    const problems = all.flatMap(({ problem }) => problem ?? []);
    return {
      disallowed: disallowed.keys,
      static: statics.keys,
      // A list that cannot be read counts as empty, but while there is one, no key is admitted or removed.
      allowed: allowed?.problem === undefined ? allowed?.keys : undefined,
      problems,
      doubts: [...problems, ...statics.complaints],
      complaints: all.flatMap(({ complaints }) => complaints),
    };
  }
}

function openList(path: string, isOptional: boolean): NamedList {
  return { file: new StampedFile(path, (file) => parseKeyList(readFileSync(file, 'utf8'), file)), isOptional };
}

function readList({ file, isOptional }: NamedList): ListReading {
  try {
    const list = file.read();
    if (list !== undefined) return list;
    // A link exists, even if its target does not.
    const isLink = lstatSync(file.path, { throwIfNoEntry: false }) !== undefined;
    if (isOptional && !isLink) return EMPTY;
    const reason = isLink ? 'it is a broken symbolic link' : 'there is no such file';
    return { ...EMPTY, problem: `Cannot read ${file.path}: ${reason}` };
  } catch (error) {
    return { ...EMPTY, problem: `Cannot read ${file.path}: ${describeSystemError(error)}` };
  }
}
