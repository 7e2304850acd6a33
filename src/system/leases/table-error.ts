import { describeError, describeSystemError, InputError } from '../../core/values/errors.ts';
import { HangError, ProgramError } from '../run/program-error.ts';

/** The table of leases cannot be read or written: one line with its file and the reason. */
export class LeaseTableError extends Error {
  override name = 'LeaseTableError';
  /** Whether a restored backup is the remedy: the file is damaged, or made by a newer version of wgkex. */
  readonly isUnusable: boolean;
  /** The message without the remedy. */
  readonly problem: string;
  /** The command that makes it readable; the message ends with it. */
  readonly remedy: string | undefined;

  constructor(
    problem: string,
    { isUnusable = false, remedy, cause }: { isUnusable?: boolean; remedy?: string | undefined; cause?: unknown } = {},
  ) {
    super(remedy === undefined ? problem : `${problem}; ${remedy}`, { cause });
    this.isUnusable = isUnusable;
    this.problem = problem;
    this.remedy = remedy;
  }
}

export const LOCK_SECONDS = 3;

interface Reason {
  readonly pattern: RegExp;
  readonly words: string;
  readonly isUnusable?: boolean;
  readonly remedy?: string;
}

/** From the messages of sqlite3(1), https://sqlite.org/rescode.html. */
const REASONS: readonly Reason[] = [
  { pattern: /^there is no \//, words: 'sqlite3 is missing', remedy: 'apt-get install sqlite3' },
  { pattern: /database is locked/, words: `another process has held its lock for ${LOCK_SECONDS} s` },
  { pattern: /database or disk is full/, words: 'no space left on device' },
  { pattern: /not a database|malformed/, words: 'it is damaged', isUnusable: true },
  { pattern: /failed: unchanged$/, words: 'it has changed meanwhile; try again' },
  { pattern: /^unable to open database/, words: 'sqlite3 cannot open it' },
  { pattern: /^no such (table|column)/, words: 'it is not a table of leases', isUnusable: true },
];

/** What `error` means for the table in `path`; `verb` is what was tried. */
export function explainTableError(verb: 'read' | 'write', path: string, error: unknown): LeaseTableError {
  if (error instanceof LeaseTableError) return error;
  if (error instanceof InputError) return new LeaseTableError(error.message, { isUnusable: true, cause: error });
  const said = error instanceof ProgramError ? findReason(error) : describeSystemError(error);
  const { words, isUnusable, remedy }: Omit<Reason, 'pattern'> = REASONS.find(({ pattern }) => pattern.test(said)) ?? {
    words: said,
  };
  return new LeaseTableError(`Cannot ${verb} ${path}: ${words}`, {
    isUnusable: isUnusable ?? false,
    remedy,
    cause: error,
  });
}

/** Only the first line that sqlite3 printed: the next ones show its input, which has secrets. */
export function findReason(error: ProgramError): string {
  const said = describeError(error).replace(/^Cannot run [^:]*: /, '');
  if (error instanceof HangError) return said;
  const [first = said] = said.split('; ');
  return first.replace(/^(Runtime error near line \d+|Parse error near line \d+|Error): /, '').replace(/ \(\d+\)$/, '');
}
