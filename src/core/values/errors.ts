/** Thrown for bad input; its message is one line, safe to print. */
export class InputError extends Error {
  override name = 'InputError';
}

/** What went wrong, in one line. */
export function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The kernel's words for a failed system call (`no such file or directory`), without Node's additions. */
export function describeSystemError(error: unknown): string {
  return describeError(error)
    .replace(/^E[A-Z0-9]+: /, '')
    .replace(/, [a-z]+( '.*')?$/, '');
}

/** The reason why a connection failed; some errors of Node have a code and no message. */
export function describeFailure(error: Error & { readonly code?: unknown }): string {
  return describeError(error) || String(error.code ?? error.name);
}
