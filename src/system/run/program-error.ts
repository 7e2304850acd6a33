/** A program failed, or could not be run. */
export class ProgramError extends Error {
  override name = 'ProgramError';
  /** Undefined if the program did not end by itself. */
  readonly exitCode: number | undefined;

  constructor(message: string, exitCode: number | undefined, cause?: unknown) {
    super(message, { cause });
    this.exitCode = exitCode;
  }
}

/** A program did not end in time, and was killed. */
export class HangError extends ProgramError {}

/** True if a program did not end in time: another call might take as long. */
export function hasHung(error: unknown): boolean {
  return error instanceof HangError;
}

/** How a program ended, in words. */
export function describeEnd(code: unknown, signal: NodeJS.Signals | null | undefined): string {
  return signal ? `ended by ${signal}` : `exit status ${code}`;
}
