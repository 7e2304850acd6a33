import { readFileSync } from 'node:fs';
import type { InstanceName } from '../core/client/instance.ts';

/** cgroups(7), version 2, as on Debian 12 and 13. */
const CGROUPS = '/sys/fs/cgroup';
const OWN = '/proc/self/cgroup';

/**
 * Ends what else is left in the service of a tunnel: systemd does that only after `ExecStopPost=`, and a helper that
 * hangs has the lock. Does nothing if called by anyone but this service.
 */
export function endOthers(name: InstanceName, { cgroups = CGROUPS, own = OWN } = {}): void {
  const path = /^0::(\/.*)$/m.exec(readOrSkip(own))?.[1];
  if (path?.endsWith(`/wgkex-join@${name}.service`) !== true) return;
  for (const line of readOrSkip(`${cgroups}${path}/cgroup.procs`).split('\n')) kill(Number(line));
}

/** 0 stands for a process that cannot be seen from here. */
function kill(pid: number): void {
  if (pid === 0 || pid === process.pid) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // It has ended meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function readOrSkip(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
