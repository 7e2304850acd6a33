import { ProgramError } from '../run/program-error.ts';
import { run } from '../run/run.ts';

/** Whether the kernel says that its clock is not synchronised. False where nobody can be asked. */
export async function isClockUnsynchronised(): Promise<boolean> {
  try {
    return (await run('timedatectl', ['show', '--property=NTPSynchronized', '--value'])).trim() === 'no';
  } catch (error) {
    if (error instanceof ProgramError) return false;
    throw error;
  }
}
