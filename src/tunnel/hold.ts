import { CLIENT_DIRECTORY, INSTANCE_DIRECTORY } from '../core/client/installation.ts';
import type { InstanceName } from '../core/client/instance.ts';
import { holdTunnel } from '../system/client/store/hold.ts';
import type { Kernel } from './kernel.ts';

/** Where root's files are. */
export interface Places {
  readonly instances: string;
  /** Of root alone; the locks are there, too. */
  readonly secrets: string;
}

export const PLACES: Places = { instances: INSTANCE_DIRECTORY, secrets: CLIENT_DIRECTORY };

/** Takes a tunnel down, and all that belongs to it. Resolves with whether it was up. */
export function endTunnel(name: InstanceName, places: Places, kernel: Kernel): Promise<boolean> {
  return holdTunnel(name, places.secrets, async () => {
    const { isUp } = await kernel.readTunnel(name);
    // One that is not up may have left something behind.
    await kernel.takeDown(name);
    return isUp;
  });
}
