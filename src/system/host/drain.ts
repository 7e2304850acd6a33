import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DRAIN_FILE } from '../../core/fleet/drain.ts';
import { replaceFile } from '../files/replace-file.ts';
import { makeTrustedDirectory } from '../files/trust.ts';
import { run } from '../run/run.ts';
import { isSystemdRunning } from './timers.ts';

/** The service, which is not root, looks whether it is there. */
const READABLE_BY_ALL = 0o644;
const TEXT = 'Made by "wgkex fleet drain": this gateway gets no new routers by v2 until "wgkex fleet undrain".\n';

export function isDrained(stateDirectory: string): boolean {
  return existsSync(join(stateDirectory, DRAIN_FILE));
}

/** From the next announcement on, this gateway gets no new routers by v2. False if that was so already. */
export function drain(stateDirectory: string): boolean {
  makeTrustedDirectory(stateDirectory);
  if (isDrained(stateDirectory)) return false;
  replaceFile(join(stateDirectory, DRAIN_FILE), TEXT, { mode: READABLE_BY_ALL });
  return true;
}

/** False if it was not drained. */
export function undrain(stateDirectory: string): boolean {
  if (!isDrained(stateDirectory)) return false;
  rmSync(join(stateDirectory, DRAIN_FILE));
  return true;
}

/** Makes the service announce itself now; false if it does so by itself within a minute. */
export async function announceSoon(): Promise<boolean> {
  if (!isSystemdRunning()) return false;
  await run('systemctl', ['try-reload-or-restart', 'wgkex.service']);
  return true;
}
