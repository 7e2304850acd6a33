import { lstatSync, realpathSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Account } from '../../../core/host/account.ts';
import { type Step, walkPath } from '../../../system/files/path-walk.ts';
import type { Concern } from '../../gateway/attention.ts';
import { concern } from '../check.ts';

const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;
const ROOT = 0;

/** Whatever lets somebody other than root change or replace a file or directory that exists. */
export function findTrustFaults(path: string): Concern[] {
  const { steps, end } = walkPath(path);
  const once = new Map(steps.map((step) => [step.path, step]));
  return [...once.values()].flatMap((step) => judgeTrust(step, step === end));
}

function judgeTrust({ path, status }: Step, isEnd: boolean): Concern[] {
  const { uid, mode } = status;
  const isLink = status.isSymbolicLink();
  const chown = isLink ? 'chown -h' : 'chown';
  const faults: Concern[] = [];
  if (uid !== ROOT) faults.push(concern(`${path} belongs to user ${uid}, expected root`, `${chown} root ${path}`));
  // In a sticky directory nobody can replace what belongs to root.
  const isOpen = !isLink && (mode & WRITABLE_BY_OTHERS) !== 0 && (isEnd || (mode & STICKY) === 0);
  if (isOpen) faults.push(concern(`others than root may write to ${path}`, `chmod go-w ${path}`));
  return faults;
}

/** What keeps an account from reading a file that exists. */
export function findReadingFaults(path: string, account: Account): Concern[] {
  const [file = path, ...directories] = listAncestors(realpathSync(path));
  const closed = directories.filter((directory) => !isAllowed(statSync(directory), account, 0o1));
  return [
    ...closed.map((directory) => concern(`user wgkex may not enter ${directory}`, `chmod o+x ${directory}`)),
    ...(isAllowed(statSync(file), account, 0o4)
      ? []
      : [concern(`user wgkex may not read ${path}`, `chmod o+r ${path}`)]),
  ];
}

/** `right` is one of the bits r (4), w (2), x (1). */
function isAllowed({ uid, gid, mode }: Stats, account: Account, right: number): boolean {
  if (uid === account.uid) return (mode & (right << 6)) !== 0;
  return (mode & (gid === account.gid ? right << 3 : right)) !== 0;
}

/** The path itself, its directory, and so on up to `/`. */
function listAncestors(path: string): string[] {
  return path === dirname(path) ? [path] : [path, ...listAncestors(dirname(path))];
}

export function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
