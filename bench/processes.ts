import { readdirSync, readFileSync } from 'node:fs';

/** proc(5), /proc/PID/stat: positions after the name of the program, which may hold blanks. */
const PARENT = 1;
const CPU_TIMES = [11, 12, 13, 14] as const;
/** USER_HZ; the same on all of Linux. */
const TICKS_A_SECOND = 100;
/** The first process of the lab, to which the orphans fall. */
const INIT = 1;

export interface Memory {
  /** Of all processes, each with what it shares. */
  readonly rssBytes: number;
  /** What is shared counts once. */
  readonly pssBytes: number;
}

/** A process and all that descend from it, living ones only. */
export function findTree(root: number): number[] {
  const parents = new Map(listPids().map((pid) => [pid, Number(readStat(pid)[PARENT])]));
  const tree = [root];
  for (const pid of tree) for (const [child, parent] of parents) if (parent === pid) tree.push(child);
  return tree;
}

/**
 * Seconds of processor time, in user and kernel mode, that a server has taken since it was started: utime, stime,
 * cutime and cstime of its living processes, of which the latter two hold those of all descendants that were waited
 * for. What was orphaned is waited for by the lab's first process, and counts, too: nobody else leaves orphans there
 * while something is measured. The difference of two calls around a load is the time that the load took.
 */
export function readCpuSeconds(root: number): number {
  const [, , ofOrphansUser = 0, ofOrphansSystem = 0] = readTicks(INIT);
  const ticks = findTree(root)
    .flatMap(readTicks)
    .reduce((sum, some) => sum + some, 0);
  return (ticks + ofOrphansUser + ofOrphansSystem) / TICKS_A_SECOND;
}

/** The same for one process alone. */
export function readOwnCpuSeconds(pid: number): number {
  const [user = 0, system = 0] = readTicks(pid);
  return (user + system) / TICKS_A_SECOND;
}

/** Resident memory of a process and all that descend from it. */
export function readMemory(root: number): Memory {
  const texts = findTree(root).map((pid) => read(pid, 'smaps_rollup'));
  const sum = (name: string) => texts.reduce((total, text) => total + readKilobytes(text, name) * 1024, 0);
  return { rssBytes: sum('Rss'), pssBytes: sum('Pss') };
}

/** How often the threads of a tree were given a processor. */
export function readContextSwitches(root: number): number {
  const threads = findTree(root).flatMap((pid) => readdirSync(`/proc/${pid}/task`).map((tid) => `${pid}/task/${tid}`));
  const counts = threads.flatMap((thread) => [...read(thread, 'status').matchAll(/ctxt_switches:\s*(\d+)/g)]);
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}

function listPids(): number[] {
  return readdirSync('/proc').map(Number).filter(Number.isInteger);
}

function readTicks(pid: number): number[] {
  const fields = readStat(pid);
  return CPU_TIMES.map((position) => Number(fields[position] ?? 0));
}

function readStat(pid: number): string[] {
  return read(pid, 'stat')
    .replace(/^.*\) /s, '')
    .split(' ');
}

function readKilobytes(text: string, name: string): number {
  return Number(text.match(new RegExp(`^${name}:\\s*(\\d+) kB$`, 'm'))?.[1] ?? 0);
}

/** Empty where the process is gone meanwhile. */
function read(process: number | string, file: string): string {
  try {
    return readFileSync(`/proc/${process}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
