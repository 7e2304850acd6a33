import { readdir, readFile } from 'node:fs/promises';

/** The number of open descriptors of a process. */
export async function countDescriptors(pid: number): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`)).length;
}

/** The memory of a process, in megabytes (proc(5), VmRSS). */
export async function readMemory(pid: number): Promise<number> {
  const [, kilobytes] = (await readFile(`/proc/${pid}/status`, 'utf8')).match(/^VmRSS:\s+(\d+) kB$/m) ?? [];
  return Number(kilobytes) / 1024;
}

/** The processes whose parent is `pid`, oldest first. */
export async function findChildren(pid: number): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return children
    .split(' ')
    .filter((word) => word !== '')
    .map(Number);
}
