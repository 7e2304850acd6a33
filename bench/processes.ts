import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { sum } from './statistics.ts';

/** proc(5), /proc/PID/stat: positions after the name of the program, which may hold blanks. */
const PARENT = 1;
const CPU_TIMES = [11, 12, 13, 14] as const;
/** USER_HZ; the same on all of Linux. */
const TICKS_A_SECOND = 100;
/** The first process of the lab, to which the orphans fall. */
const INIT = 1;

export interface Memory {
  /** Of all processes, each with all that it shares (RSS). */
  readonly rssBytes: number;
  /**
   * What they take in all: shared pages count once, whether they belong to a program's files, or a process shares them
   * with its parent until it runs its own program. Files are not counted by PSS, which would share
   * Node's pages with the Nodes of this benchmark, too.
   */
  readonly residentBytes: number;
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
  return sum([...findTree(root).flatMap(readTicks), ofOrphansUser, ofOrphansSystem]) / TICKS_A_SECOND;
}

/** The same for one process alone. */
export function readOwnCpuSeconds(pid: number): number {
  const [user = 0, system = 0] = readTicks(pid);
  return (user + system) / TICKS_A_SECOND;
}

/** The same for those processes of a tree that are Node with a certain program. */
export function readProgramCpuSeconds(root: number, program: string): number {
  const isProgram = (pid: number) => /^\S*node\0/.test(read(pid, 'cmdline')) && read(pid, 'cmdline').includes(program);
  return sum(findTree(root).filter(isProgram).map(readOwnCpuSeconds));
}

/** Resident memory of a process and all that descend from it. */
export function readMemory(root: number): Memory {
  const processes = findTree(root).map(readRollup);
  const ofFiles = new Map<string, number>();
  for (const { program, rss, anonymous } of processes) {
    ofFiles.set(program, Math.max(ofFiles.get(program) ?? 0, rss - anonymous));
  }
  const own = processes.map(({ ownAnonymous }) => ownAnonymous);
  return {
    rssBytes: sum(processes.map(({ rss }) => rss)),
    residentBytes: sum([...own, ...ofFiles.values()]),
  };
}

/** How often the threads of a tree were given a processor. */
export function readContextSwitches(root: number): number {
  const threads = findTree(root).flatMap((pid) => readdirSync(`/proc/${pid}/task`).map((tid) => `${pid}/task/${tid}`));
  const counts = threads.flatMap((thread) => [...read(thread, 'status').matchAll(/ctxt_switches:\s*(\d+)/g)]);
  return sum(counts.map(([, count]) => Number(count)));
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

interface Rollup {
  readonly program: string;
  readonly rss: number;
  readonly anonymous: number;
  /** Of that, its share of what it has in common with other processes. */
  readonly ownAnonymous: number;
}

/** Its program, and bytes; nothing where the process is gone meanwhile. */
function readRollup(pid: number): Rollup {
  const text = read(pid, 'smaps_rollup');
  const bytes = (name: string) => Number(text.match(new RegExp(`^${name}:\\s*(\\d+) kB$`, 'm'))?.[1] ?? 0) * 1024;
  return {
    program: text === '' ? '' : readProgram(pid),
    rss: bytes('Rss'),
    anonymous: bytes('Anonymous'),
    ownAnonymous: bytes('Pss_Anon'),
  };
}

function readProgram(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch {
    return '';
  }
}

/** Empty where the process is gone meanwhile. */
function read(process: number | string, file: string): string {
  try {
    return readFileSync(`/proc/${process}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
