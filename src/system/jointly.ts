import { ProgramError } from './run.ts';

/** Why each of the items failed that did; all others are done. */
export type Failures<T> = ReadonlyMap<T, unknown>;

/**
 * Applies many items with one call. Where that fails, halves are tried until the culprits are alone, so that they
 * fail and everybody else is served. `apply` must be fit to be repeated for an item that it had done already.
 * What is not a program's own refusal concerns all items alike; a program that hangs must not hang once for each.
 */
export async function applyJointly<T>(
  items: readonly T[],
  apply: (items: readonly T[]) => Promise<void>,
): Promise<Failures<T>> {
  if (items.length === 0) return new Map();
  try {
    await apply(items);
    return new Map();
  } catch (error) {
    const isRefusal = error instanceof ProgramError && error.exitCode !== undefined;
    if (!isRefusal || items.length === 1) return new Map(items.map((item) => [item, error]));
    const middle = Math.ceil(items.length / 2);
    const first = await applyJointly(items.slice(0, middle), apply);
    const second = await applyJointly(items.slice(middle), apply);
    return new Map([...first, ...second]);
  }
}
