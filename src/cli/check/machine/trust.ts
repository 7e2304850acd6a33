import { lstatSync, realpathSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Account } from '../../../core/host/account.ts';
import { walkPath } from '../../../system/files/path-walk.ts';
import { type Distrust, judgeStep } from '../../../system/files/trust.ts';
import type { Concern } from '../../gateway/concern.ts';
import { concern } from '../check.ts';

/** Finds everything that lets users other than root change or replace an existing file or directory. */
export function findTrustFaults(path: string): Concern[] {
  const { steps, end } = walkPath(path);
  const once = new Map(steps.map((step) => [step.path, step]));
  return [...once.values()].flatMap((step) => judgeStep(step, step === end)).map(describeDistrust);
}

function describeDistrust({ step: { path, status }, owner }: Distrust): Concern {
  if (owner === undefined)
    return concern('writable-by-others', `users other than root may write to ${path}`, `chmod go-w ${path}`);
  const chown = status.isSymbolicLink() ? 'chown -h' : 'chown';
  return concern('wrong-owner', `${path} belongs to user ${owner}, expected root`, `${chown} root ${path}`);
}

/** Finds everything that keeps an account from reading an existing file. */
export function findReadingFaults(path: string, account: Account): Concern[] {
  const [file = path, ...directories] = listAncestors(realpathSync(path));
  const closed = directories.filter((directory) => !isAllowed(statSync(directory), account, 0o1));
  return [
    ...closed.map((directory) =>
      concern('directory-closed', `user wgkex may not enter ${directory}`, `chmod o+x ${directory}`),
    ),
    ...(isAllowed(statSync(file), account, 0o4)
      ? []
      : [concern('configuration-unreadable', `user wgkex may not read ${path}`, `chmod o+r ${path}`)]),
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
