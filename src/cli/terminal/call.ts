import { exitWithUsageError } from '../../command-line.ts';
import { InputError } from '../../core/values/errors.ts';

export const PROGRAM = 'wgkex';

/** Options that every command has. */
export interface CommonOptions {
  readonly config: string;
  readonly json?: boolean;
}

/** A command as it was called. */
export interface Call<Options extends object = object> {
  readonly args: readonly string[];
  readonly options: CommonOptions & Options;
}

/** Runs a command; false if something is wrong or was not found, which means exit status 1. */
export type Run<Options extends object = object> = (call: Call<Options>) => Promise<boolean>;

/** Runs a parser of the core on a word of the command line; a word that it rejects is a usage error. */
export function readWord<T>(parse: (text: string) => T, text: string): T {
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof InputError) return exitWithUsageError(PROGRAM, error.message);
    throw error;
  }
}
