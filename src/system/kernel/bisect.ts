import { ProgramError } from '../run/program-error.ts';

/** Why each of the items failed that did; all others are done. */
export type Failures<T> = ReadonlyMap<T, unknown>;

/** Beyond so many culprits the fault is not theirs, and a search for each would take longer than anybody waits. */
const MAX_CULPRITS = 8;

/** So many peers stay far below the kernel's limit for arguments (2 MB) and take some 10 ms. */
const ITEMS_PER_CALL = 256;

type Apply<T> = (items: readonly T[]) => Promise<void>;

/**
 * Applies many items with one call, or with one for every 256 of them. Where that is refused, halves are tried in
 * their order until the culprits are alone, so that they fail and everybody else is served. `apply` must be fit to be
 * repeated for an item that it had done already.
 */
export async function applyJointly<T>(items: readonly T[], apply: Apply<T>): Promise<Failures<T>> {
  const failures = new Map<T, unknown>();
  for (let start = 0; start < items.length; start += ITEMS_PER_CALL) {
    const fatal = await findCulprits(items.slice(start, start + ITEMS_PER_CALL), apply, failures);
    if (fatal === undefined) continue;
    failAll(items.slice(start + ITEMS_PER_CALL), fatal, failures);
    break;
  }
  return failures;
}

/**
 * Returns an error that concerns all items that were not done yet: one that is no program's refusal, as a program
 * that hangs must not hang once for each; or that of one culprit too many.
 */
async function findCulprits<T>(items: readonly T[], apply: Apply<T>, failures: Map<T, unknown>): Promise<unknown> {
  const error = await findError(items, apply);
  if (error === undefined) return undefined;
  const isRefused = error instanceof ProgramError && error.exitCode !== undefined;
  if (isRefused && items.length > 1) {
    const middle = Math.ceil(items.length / 2);
    const fatal = await findCulprits(items.slice(0, middle), apply, failures);
    if (fatal === undefined) return findCulprits(items.slice(middle), apply, failures);
    return failAll(items.slice(middle), fatal, failures);
  }
  failAll(items, error, failures);
  return isRefused && failures.size < MAX_CULPRITS ? undefined : error;
}

function failAll<T>(items: readonly T[], error: unknown, failures: Map<T, unknown>): unknown {
  for (const item of items) failures.set(item, error);
  return error;
}

async function findError<T>(items: readonly T[], apply: Apply<T>): Promise<unknown> {
  try {
    await apply(items);
    return undefined;
  } catch (error) {
    return error;
  }
}
