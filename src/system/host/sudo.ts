import { ProgramError } from '../run/program-error.ts';
import { PROGRAMS, type Program } from '../run/programs.ts';
import { run } from '../run/run.ts';

/** The two that are known. */
export type SudoProgram = Extract<Program, 'sudo' | 'sudo-rs'>;

/** sudo(8): it does not allow that. */
const REFUSED = 1;

/** Asks sudo as a user who has no terminal, as a service has none; root alone can be that user. */
export class SudoAsUser {
  readonly #prefix: readonly string[];

  constructor(program: SudoProgram, user: string) {
    const become = [`--reuid=${user}`, `--regid=${user}`, '--init-groups'];
    this.#prefix = [...become, PROGRAMS.setsid, PROGRAMS[program]];
  }

  /** sudo-rs says its version on standard error, or in other words. */
  async isSudoRs(): Promise<boolean> {
    return !(await run('setpriv', [...this.#prefix, '--version'])).startsWith('Sudo version');
  }

  /** What the user may do, for `parseSudoRights`. @throws ProgramError where sudo does not say. */
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
