import { closeSync, constants, fstatSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describeSystemError, InputError } from '../../core/values/errors.ts';
import { type Step, walkPath } from './path-walk.ts';

/** Files of root's are readable by all and writable by root; a caller's umask could make them unreadable for good. */
export const ROOT_UMASK = 0o022;

const ROOT = 0;
const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;
const NO_SUCH_FILE = 'no such file or directory';

/**
 * Reads a file that decides what root does.
 * @throws InputError if it cannot be read, or if anyone but root could write to it or replace it.
 */
export function readTrustedFile(path: string): string {
  const file = openFile(path, findTrusted(path));
  try {
    const status = fstatSync(file);
    if (!status.isFile()) throw new InputError(`Cannot read ${path}: not a file`);
    requireTrusted({ path, status }, true);
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}

/**
 * Creates a directory for files of root's if it is missing.
 * @throws InputError if anyone but root could create files in it, sticky or not, or replace it.
 */
export function makeTrustedDirectory(directory: string): void {
  if (findTrusted(directory) === undefined) mkdirSync(directory, { recursive: true, mode: 0o755 });
  const { status } = requireThere(directory, findTrusted(directory));
  requireTrusted({ path: directory, status }, true);
}

/**
 * The directory of a path for a file that root writes for others. It may belong to another user, such as a web server.
 * @throws InputError if it is missing, or if anyone but root could replace it.
 */
export function findPublicDirectory(path: string): string {
  const end = requireThere(path, findTrusted(path));
  // In a sticky directory the owner of a subdirectory may replace it.
  const holder = requireThere(path, findTrusted(dirname(end.path)));
  if (end.status.uid !== ROOT && (holder.status.mode & WRITABLE_BY_OTHERS) !== 0)
    throw new InputError(describeWritable(holder.path));
  return end.path;
}

/**
 * The end of a path, with links resolved; undefined if it is missing. A link is judged by its owner and by the
 * directory that holds it, not only by its target.
 * @throws InputError if anyone but root could make the path lead elsewhere. The owner of the end is not judged.
 */
export function findTrusted(path: string): Step | undefined {
  const { steps, end } = walk(path);
  for (const step of steps) if (step !== end) requireTrusted(step, false);
  return end;
}

function walk(path: string): ReturnType<typeof walkPath> {
  try {
    return walkPath(path);
  } catch (error) {
    throw new InputError(`Cannot read ${path}: ${describeSystemError(error)}`, { cause: error });
  }
}

/** A step of a path that a user other than root could change or replace. */
export interface Distrust {
  readonly step: Step;
  /** The user who owns it; undefined if root does, but others may write to it. */
  readonly owner: number | undefined;
}

/**
 * Why one step of a path is not under root's control alone; `isEnd` for the last one. In a sticky directory such as
 * /tmp everybody may create files, but only root may replace root's files.
 */
export function judgeStep(step: Step, isEnd: boolean): Distrust[] {
  const { uid, mode } = step.status;
  const isSticky = (mode & STICKY) !== 0;
  const isOpen = !step.status.isSymbolicLink() && (mode & WRITABLE_BY_OTHERS) !== 0 && (isEnd || !isSticky);
  return [...(uid === ROOT ? [] : [{ step, owner: uid }]), ...(isOpen ? [{ step, owner: undefined }] : [])];
}

function requireTrusted(step: Step, isEnd: boolean): void {
  const [distrust] = judgeStep(step, isEnd);
  if (distrust === undefined) return;
  const { path } = distrust.step;
  throw new InputError(
    distrust.owner === undefined
      ? describeWritable(path)
      : `Cannot trust ${path}: it belongs to user ${distrust.owner}, expected root`,
  );
}

function requireThere(path: string, end: Step | undefined): Step {
  if (end === undefined) throw new InputError(`Cannot read ${path}: ${NO_SUCH_FILE}`);
  return end;
}

function openFile(path: string, end: Step | undefined): number {
  const { path: file } = requireThere(path, end);
  try {
    // Otherwise opening a pipe would wait for a writer.
    return openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw new InputError(`Cannot read ${path}: ${describeSystemError(error)}`, { cause: error });
  }
}

function describeWritable(path: string): string {
  return `Cannot trust ${path}: users other than root may write to it, expected mode go-w`;
}
