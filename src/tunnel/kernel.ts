import { readSurroundings } from '../system/client/surroundings.ts';
import { bringUp, readTunnel, takeDown } from '../system/client/tunnel.ts';

/** How the machine is read and changed. */
export interface Kernel {
  readonly readSurroundings: typeof readSurroundings;
  readonly bringUp: typeof bringUp;
  readonly takeDown: typeof takeDown;
  readonly readTunnel: typeof readTunnel;
}

export const KERNEL: Kernel = { readSurroundings, bringUp, takeDown, readTunnel };
