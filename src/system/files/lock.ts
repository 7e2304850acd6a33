import { closeSync, constants, fstatSync, lstatSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { DomainName, InterfaceName } from '../../core/values/names.ts';
import { ProgramError } from '../run/program-error.ts';
import { runOn } from '../run/run.ts';
import { makeTrustedDirectory } from './trust.ts';

/** Held from its creation until {@link Lock.release}, or until the process ends, in whatever way. */
export interface Lock {
  release(): void;
  /** Removes its file as well. A process that waits for it takes a new one. */
  remove(): void;
}

const WAIT_SECONDS = 4;
/** flock(1): the default status for a lock that another process holds. */
const LOCK_IS_TAKEN = 1;

const TUNNEL_TURNS = 6;

class TakenError extends Error {}

/** The lock of the lists that the operator's command edits; no domain has a name with a dot. */
const LISTS = 'disallowed.keys';

/** Takes the lock under which the peers of a domain are read and changed; waits up to 4 seconds for it. */
export function takeDomainLock(runtimeDirectory: string, domain: DomainName): Promise<Lock> {
  return takeLock(runtimeDirectory, domain);
}

/** The same for the lists of disallowed and static keys, which are read without it. */
export function takeListLock(runtimeDirectory: string): Promise<Lock> {
  return takeLock(runtimeDirectory, LISTS);
}

/**
 * The same for the tunnels of a client’s machine, which share tables and rules. Waits up to 24 seconds: who holds it may
 * wait for a service.
 */
export async function takeTunnelLock(directory: string): Promise<Lock> {
  for (let turns = 1; turns < TUNNEL_TURNS; turns++) {
    try {
      return await takeLock(directory, 'tunnels');
    } catch (error) {
      if (!(error instanceof TakenError)) throw error;
    }
  }
  return takeLock(directory, 'tunnels');
}

/** The same for one of them: no two wgkex-tunnel bring it up or take it down at once. Taken before the other one. */
export function takeInstanceLock(directory: string, tunnel: InterfaceName): Promise<Lock> {
  return takeLock(directory, tunnel);
}

/** A file that was removed while this process waited for it is no lock any more: another process has a new one. */
async function takeLock(runtimeDirectory: string, name: string): Promise<Lock> {
  makeTrustedDirectory(runtimeDirectory);
  const path = join(runtimeDirectory, `${name}.lock`);
  for (;;) {
    const file = await lockFile(path);
    const release = () => closeSync(file);
    const remove = () => {
      rmSync(path);
      release();
    };
    if (isStillThere(file, path)) return { release, remove };
    release();
  }
}

/**
 * Node has no flock(2), so flock(1) locks the file that it gets as its standard input, and the lock stays with our
 * descriptor of it.
 */
async function lockFile(path: string): Promise<number> {
  const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants;
  // Readable by root alone: any user who can open the file could hold the lock.
  const file = openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600);
  try {
    await runOn(file, 'flock', ['--exclusive', '--timeout', String(WAIT_SECONDS), '0']);
    return file;
  } catch (error) {
    closeSync(file);
    throw explainFailure(error, path);
  }
}

function isStillThere(file: number, path: string): boolean {
  const [open, present] = [fstatSync(file), lstatSync(path, { throwIfNoEntry: false })];
  return present?.ino === open.ino && present.dev === open.dev;
}

function explainFailure(error: unknown, path: string): unknown {
  const isTaken = error instanceof ProgramError && error.exitCode === LOCK_IS_TAKEN;
  if (!isTaken) return error;
  return new TakenError(`Cannot lock ${path}: another process has held it for ${WAIT_SECONDS} s`, { cause: error });
}
