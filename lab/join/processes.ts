import { readFile } from 'node:fs/promises';
import { sh } from '../commands.ts';
import { JOIN, type Machine, TUNNEL } from './machine.ts';

export interface Process {
  readonly pid: number;
  /** Its command line. */
  readonly words: string;
}

/** The processes of a machine's client: wgkex-join, sudo and wgkex-tunnel; not WireGuard itself. */
export async function findProcesses({ namespace }: Machine): Promise<Process[]> {
  const pids = (await sh('ip', 'netns', 'pids', namespace)).split('\n').filter((word) => word !== '');
  const found = pids.map(async (pid) => {
    const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return { pid: Number(pid), words: words.replaceAll('\0', ' ').trim() };
  });
  return (await Promise.all(found)).filter(({ words }) => words.includes(JOIN) || words.includes(TUNNEL));
}

/** The process of wgkex-tunnel itself, behind sudo. */
export async function findHelper(machine: Machine): Promise<number> {
  const all = await findProcesses(machine);
  const [found] = all.filter(({ words }) => words.startsWith('/usr/bin/node ') && words.includes(TUNNEL));
  if (found === undefined) throw new Error(`No wgkex-tunnel among ${JSON.stringify(all)}`);
  return found.pid;
}
