import { exitWithUsageError } from '../../command-line.ts';
import { InputError } from '../../core/values/errors.ts';

export const PROGRAM = 'wgkex';

/** What every command understands. */
export interface CommonOptions {
  readonly config: string;
  readonly json?: boolean;
}

/** A command as it was called. */
export interface Call<Options extends object = object> {
  readonly args: readonly string[];
  readonly options: CommonOptions & Options;
}

/** Does what a command is for; false where something is wrong or was not found, which is exit status 1. */
export type Run<Options extends object = object> = (call: Call<Options>) => Promise<boolean>;

/** Runs a parser of the core on a word of the command line; what it refuses is a wrong call. */
export function readWord<T>(parse: (text: string) => T, text: string): T {
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof InputError) return exitWithUsageError(PROGRAM, error.message);
    throw error;
  }
}
