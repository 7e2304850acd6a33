import { lstatSync, readlinkSync, type Stats } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';

/** A directory, a symbolic link or a file; `path` has no link before its last name. */
export interface Step {
  readonly path: string;
  readonly status: Stats;
}

interface Walk {
  /** Everything that decides where a path leads, in the order in which the kernel looks at it, `/` first. */
  readonly steps: readonly Step[];
  /** The end of the path, with links resolved; undefined if something is missing, and then the steps end before it. */
  readonly end: Step | undefined;
}

/** As in the kernel (MAXSYMLINKS). */
const MAX_LINKS = 40;

/** @throws the error of lstat(2), except for a missing file. */
export function walkPath(path: string): Walk {
  const root: Step = { path: '/', status: lstatSync('/') };
  const steps = [root];
  const names = (isAbsolute(path) ? path : `${process.cwd()}/${path}`).split('/').filter(isStep);
  let here = root;
  for (let name = names.shift(); name !== undefined; name = names.shift()) {
    const next = name === '..' ? dirname(here.path) : join(here.path, name);
    const status = lstatSync(next, { throwIfNoEntry: false });
    if (status === undefined) return { steps, end: undefined };
    const step = { path: next, status };
    steps.push(step);
    if (status.isSymbolicLink()) {
      const target = readLink(next, steps);
      if (isAbsolute(target)) here = root;
      names.unshift(...target.split('/').filter(isStep));
    } else here = step;
  }
  return { steps, end: here };
}

function readLink(path: string, steps: readonly Step[]): string {
  const links = steps.filter(({ status }) => status.isSymbolicLink()).length;
  if (links > MAX_LINKS) throw new Error('too many levels of symbolic links');
  return readlinkSync(path);
}

function isStep(name: string): boolean {
  return name !== '' && name !== '.';
}
