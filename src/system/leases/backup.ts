import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Lease } from '../../core/leases/lease.ts';
import { describeSystemError } from '../../core/values/errors.ts';
import { replaceFile } from '../files/replace-file.ts';
import { Database } from './database.ts';
import { LeaseTable } from './lease-table.ts';
import { ATTACH_PREVIOUS, ATTACH_SOURCE, REPLACE, REQUIRE_UNCHANGED } from './statements.ts';
import { explainTableError, LeaseTableError } from './table-error.ts';

/** What restoring a backup does, or would do. */
export interface Restoring {
  readonly isDone: boolean;
  /** The leases of the table that last and whose key or addresses the backup does not have. */
  readonly dropped: readonly Lease[];
  /** Why the present table cannot be read, so that nobody knows what is dropped; undefined if it can. */
  readonly fault: string | undefined;
}

interface Manner {
  /** Restores also if live bindings are dropped, or nobody knows which ones. */
  readonly mayDrop?: boolean;
  readonly isDryRun?: boolean;
}

/** Where the table that a backup replaced is kept. */
export function findPrevious(path: string): string {
  return `${path}.before`;
}

/**
 * Writes a consistent copy of the table in `path`, for root alone; replaces `file` in one step.
 * @throws LeaseTableError
 */
export async function backUpTable(path: string, file: string): Promise<void> {
  if (!new Database(path).exists()) throw new LeaseTableError(`Cannot read ${path}: there is no lease yet`);
  // What a killed process left there must not be taken for a part of the copy.
  await within(file, async (directory) => {
    renameSync(await copyTable(path, directory, 'copy'), file);
  });
}

/**
 * Reads and checks a backup, and puts its leases in place of the present ones, which stay in `leases.db.before`.
 * Without `mayDrop`, does nothing if that drops live bindings, or if the present table is unusable.
 * @throws LeaseTableError, also if the table changes meanwhile; then it keeps its leases.
 */
export async function restoreTable(path: string, file: string, manner: Manner = {}): Promise<Restoring> {
  const { mayDrop = false, isDryRun = false } = manner;
  return within(path, async (directory) => {
    const backup = join(directory, 'backup');
    const leases = await readBackup(file, backup);
    const { snapshot, present, fault } = await readPresent(path, directory);
    const dropped = findDropped(present, leases);
    const isRefused = !mayDrop && (dropped.length > 0 || fault !== undefined);
    if (isRefused || isDryRun) return { isDone: false, dropped, fault };
    if (snapshot === undefined) replaceTable(path, backup);
    else await replaceRows(path, backup, snapshot);
    return { isDone: true, dropped, fault };
  });
}

async function within<T>(path: string, action: (directory: string) => Promise<T>): Promise<T> {
  let directory: string | undefined;
  try {
    directory = mkdtempSync(join(dirname(path), '.leases-'));
    return await action(directory);
  } catch (error) {
    throw explainTableError('write', path, error);
  } finally {
    if (directory !== undefined) rmSync(directory, { recursive: true });
  }
}

async function copyTable(path: string, directory: string, name: string): Promise<string> {
  const copy = join(directory, name);
  new Database(copy).create();
  await new Database(path).copyInto(copy);
  // VACUUM INTO does not wait for the disk.
  const file = openSync(copy, 'r');
  fsyncSync(file);
  closeSync(file);
  return copy;
}

/** Works on a copy, as it may be of an older version, and somebody may write to the file. */
async function readBackup(file: string, copy: string): Promise<readonly Lease[]> {
  try {
    replaceFile(copy, readFileSync(file));
    const reason = 'it is not a table of leases';
    if ((await new Database(copy).readVersion()) === 0) throw new LeaseTableError(`Cannot read ${file}: ${reason}`);
    return await readSound(copy);
  } catch (error) {
    if (!(error instanceof LeaseTableError))
      throw new LeaseTableError(`Cannot read ${file}: ${describeSystemError(error)}`, { cause: error });
    throw new LeaseTableError(error.message.replaceAll(copy, file), { cause: error });
  }
}

async function readSound(path: string): Promise<readonly Lease[]> {
  const table = new LeaseTable(path);
  const [finding] = await table.check();
  if (finding === undefined) return table.list();
  throw new LeaseTableError(`Cannot read ${path}: it is damaged`, { isUnusable: true });
}

interface Present {
  /** A copy of the table; undefined if there is none, or if it is unusable. */
  readonly snapshot: string | undefined;
  readonly present: readonly Lease[];
  readonly fault: string | undefined;
}

async function readPresent(path: string, directory: string): Promise<Present> {
  if (!new Database(path).exists()) return { snapshot: undefined, present: [], fault: undefined };
  try {
    await readSound(path);
    const snapshot = await copyTable(path, directory, 'snapshot');
    return { snapshot, present: await readSound(snapshot), fault: undefined };
  } catch (error) {
    if (!(error instanceof LeaseTableError && error.isUnusable)) throw error;
    return { snapshot: undefined, present: [], fault: error.message };
  }
}

function findDropped(present: readonly Lease[], leases: readonly Lease[]): Lease[] {
  const restored = new Map(leases.filter(isLive).map((lease) => [lease.id, describeBinding(lease)]));
  return present.filter((lease) => isLive(lease) && restored.get(lease.id) !== describeBinding(lease));
}

function isLive({ key, ended }: Lease): boolean {
  return key !== undefined && ended === undefined;
}

function describeBinding({ domain, key, address4, address6 }: Lease): string {
  return [domain, key, address4, address6].join();
}

/**
 * A process that writes meanwhile would put its journal beside another file, if the file were replaced: only its rows
 * are.
 */
async function replaceRows(path: string, source: string, snapshot: string): Promise<void> {
  const previous = findPrevious(path);
  renameSync(snapshot, previous);
  const database = new Database(path);
  await database.writeUnsafely(ATTACH_SOURCE + ATTACH_PREVIOUS, REQUIRE_UNCHANGED + REPLACE, { source, previous });
}

/** For one that cannot be read, and so cannot be written; the attempt to read it has used up its journal. */
function replaceTable(path: string, source: string): void {
  const previous = findPrevious(path);
  if (existsSync(path)) {
    rmSync(previous, { force: true });
    linkSync(path, previous);
  }
  renameSync(source, path);
}
