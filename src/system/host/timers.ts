import { existsSync } from 'node:fs';
import { parseTimers } from '../../core/host/timers.ts';
import type { DomainName } from '../../core/values/names.ts';
import type { UnixSeconds } from '../../core/values/time.ts';
import { ProgramError } from '../run/program-error.ts';
import { run } from '../run/run.ts';

/** systemctl(1), "Exit status": not running, and no such unit. */
const INACTIVE = [3, 4];

/** sd_booted(3): whether systemd runs this machine, and can be asked. */
export function isSystemdRunning(): boolean {
  return existsSync('/run/systemd/system');
}

/** When the next cleanup of each domain is due; domains without an active timer are left out. */
export async function readNextCleanups(domains: Iterable<DomainName>): Promise<ReadonlyMap<DomainName, UnixSeconds>> {
  const timers = parseTimers(await run('systemctl', ['list-timers', '--output=json', 'wgkex-cleanup@*.timer']));
  const found = [...domains].map((name) => [name, timers.get(`wgkex-cleanup@${name}.timer`)] as const);
  return new Map(found.filter((pair): pair is [DomainName, UnixSeconds] => pair[1] !== undefined));
}

/** Whether a router that connects now is served, even if its connection first starts the service. */
export async function isServiceActive(): Promise<boolean> {
  try {
    await run('systemctl', ['is-active', '--quiet', 'wgkex.socket', 'wgkex.service']);
    return true;
  } catch (error) {
    if (error instanceof ProgramError && INACTIVE.includes(error.exitCode ?? 0)) return false;
    throw error;
  }
}
