import { buildNameLine, isNameOf, parseRouterNames, type RouterNames } from '../../core/operator/router-names.ts';
import { describeError } from '../../core/values/errors.ts';
import type { PublicKey } from '../../core/values/public-key.ts';
import type { RouterName } from '../../core/values/router-name.ts';
import { PRIVATE } from '../files/private-file.ts';
import { appendLine, type EditableList, editList, readList, splitLines } from './list-editing.ts';

interface NameReading {
  readonly names: RouterNames;
  /** A line for each fault of the file. */
  readonly complaints: readonly string[];
}

/** What naming a router does, or would do. */
export type NamingOutcome = 'added' | 'changed' | 'removed' | 'present' | 'absent';

interface Naming {
  readonly outcome: NamingOutcome;
  /** The new content; undefined if it stays as it is. */
  readonly parts: readonly Buffer[] | undefined;
}

/** Reads the names of routers. None are known if there is no file, or if it cannot be read. */
export function readRouterNames(path: string): NameReading {
  try {
    return parseRouterNames(readList(path).toString('utf8'), path);
  } catch (error) {
    return { names: new Map(), complaints: [describeError(error)] };
  }
}

/**
 * Gives a key a name, or takes it away if `name` is undefined. Everything else in the file stays byte for byte. A new file
 * is for root alone: names say where people live.
 */
export async function nameRouter(
  key: PublicKey,
  name: RouterName | undefined,
  list: EditableList,
): Promise<NamingOutcome> {
  let outcome: NamingOutcome = 'absent';
  await editList({ ...list, newMode: PRIVATE }, (content) => {
    const naming = planNaming(key, name, content);
    outcome = naming.outcome;
    return naming.parts;
  });
  return outcome;
}

/** What {@link nameRouter} would do. @throws Error with one line if the file cannot be read. */
export function foreseeNaming(key: PublicKey, name: RouterName | undefined, path: string): NamingOutcome {
  return planNaming(key, name, readList(path)).outcome;
}

/** A key has one line afterwards, where its first one was. */
function planNaming(key: PublicKey, name: RouterName | undefined, content: Buffer): Naming {
  const lines = splitLines(content);
  const [first, ...others] = lines.filter((line) => isNameOf(key, line.toString('utf8')));
  const rest = lines.filter((line) => !others.includes(line));
  if (first === undefined)
    return name === undefined
      ? { outcome: 'absent', parts: undefined }
      : { outcome: 'added', parts: appendLine(content, buildNameLine(key, name)) };
  if (name === undefined) return { outcome: 'removed', parts: rest.filter((line) => line !== first) };
  const isSame = others.length === 0 && parseRouterNames(first.toString('utf8'), '').names.get(key) === name;
  if (isSame) return { outcome: 'present', parts: undefined };
  const line = Buffer.from(`${buildNameLine(key, name)}\n`);
  return { outcome: 'changed', parts: rest.map((one) => (one === first ? line : one)) };
}
