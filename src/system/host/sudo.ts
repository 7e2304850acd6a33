import { ProgramError } from '../run/program-error.ts';
import { PROGRAMS, type Program } from '../run/programs.ts';
import { run } from '../run/run.ts';

/** The two supported programs. */
export type SudoProgram = Extract<Program, 'sudo' | 'sudo-rs'>;

/** sudo(8): the status for a command that it does not allow. */
const REFUSED = 1;

/** Asks sudo as a user without a terminal, like that of a service; only root can become that user. */
export class SudoAsUser {
  readonly #prefix: readonly string[];

  constructor(program: SudoProgram, user: string) {
    const become = [`--reuid=${user}`, `--regid=${user}`, '--init-groups'];
    this.#prefix = [...become, PROGRAMS.setsid, PROGRAMS[program]];
  }

  /** sudo-rs prints its version on standard error, or in other words. */
  async isSudoRs(): Promise<boolean> {
    return !(await run('setpriv', [...this.#prefix, '--version'])).startsWith('Sudo version');
  }

  /** What the user may do, for `parseSudoRights`. @throws ProgramError if sudo does not say. */
  list(): Promise<string> {
    return run('setpriv', [...this.#prefix, '-n', '-l']);
  }

  async allows(...command: readonly string[]): Promise<boolean> {
    try {
      await run('setpriv', [...this.#prefix, '-n', '-l', ...command]);
      return true;
    } catch (error) {
      if (error instanceof ProgramError && error.exitCode === REFUSED) return false;
      throw error;
    }
  }
}
