import { ProgramError } from '../run/program-error.ts';

/** The items that failed, each with its reason; all others are done. */
export type Failures<T> = ReadonlyMap<T, unknown>;

/** With this many culprits the fault is not theirs, and searching for each would take longer than a router waits. */
const MAX_CULPRITS = 8;

/** 256 peers stay far below the kernel's limit for arguments (2 MB) and take some 10 ms. */
const ITEMS_PER_CALL = 256;

type Apply<T> = (items: readonly T[]) => Promise<void>;

/**
 * Applies many items in one call, or in one for every 256 of them. If a call is refused, its halves are tried in order
 * until the culprits are isolated: only they fail, and all others are applied. `apply` must be repeatable for an item
 * that it has applied already.
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
 * Returns an error that fails all items that are not done yet: either one that is not a program's refusal, as a program
 * that hangs must not hang once for each item, or that of one culprit too many.
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
