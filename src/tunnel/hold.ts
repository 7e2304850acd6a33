import { deriveInterface, type InstanceName } from '../core/client/instance.ts';
import { INSTANCE_DIRECTORY } from '../core/client/instance-file.ts';
import { CLIENT_DIRECTORY } from '../system/client/store/private-directory.ts';
import { takeTunnelLock } from '../system/files/lock.ts';
import type { Kernel } from './kernel.ts';

/** Where root's files are. */
export interface Places {
  readonly instances: string;
  /** Of root alone; the locks are there, too. */
  readonly secrets: string;
}

export const PLACES: Places = { instances: INSTANCE_DIRECTORY, secrets: CLIENT_DIRECTORY };

/** Changes a tunnel while nobody else does: the effects of two helpers never mix. @throws Error after 4 s of waiting. */
export async function holdTunnel<T>(name: InstanceName, { secrets }: Places, change: () => Promise<T>): Promise<T> {
  const lock = await takeTunnelLock(secrets, deriveInterface(name));
  try {
    return await change();
  } finally {
    lock.release();
  }
}

/** Takes a tunnel down, and all that belongs to it. Resolves with whether it was up. */
export function endTunnel(name: InstanceName, places: Places, kernel: Kernel): Promise<boolean> {
  return holdTunnel(name, places, async () => {
    const { isUp } = await kernel.readTunnel(name);
    // One that is not up may have left something behind.
    await kernel.takeDown(name);
    return isUp;
  });
}
