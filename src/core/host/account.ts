import { InputError } from '../values/errors.ts';

/** A user of this machine. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Parses a line of `getent passwd`; passwd(5).
 * @throws InputError for any other text.
 */
export function parseAccount(text: string): Account {
  const [, uid, gid] = text.match(/^[^:\n]+:[^:\n]*:(\d{1,10}):(\d{1,10}):[^:\n]*:[^:\n]*:[^:\n]*\n?$/) ?? [];
  if (uid === undefined || gid === undefined) throw new InputError('Cannot read an account: expected a line of passwd');
  return { uid: Number(uid), gid: Number(gid) };
}
