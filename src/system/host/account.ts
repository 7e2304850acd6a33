import { type Account, parseAccount } from '../../core/host/account.ts';
import { ProgramError } from '../run/program-error.ts';
import { run } from '../run/run.ts';

/** getent(1): no such key. */
const NOT_FOUND = 2;

/** The account of this name; undefined if there is none. */
export async function findAccount(name: string): Promise<Account | undefined> {
  try {
    return parseAccount(await run('getent', ['passwd', name]));
  } catch (error) {
    if (error instanceof ProgramError && error.exitCode === NOT_FOUND) return undefined;
    throw error;
  }
}

/** The addresses of a machine, by /etc/hosts and name servers. */
export function findAddress(name: string): Promise<string> {
  return run('getent', ['ahosts', name]);
}
