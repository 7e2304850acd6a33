import { CLIENT_DIRECTORY } from '../../../core/client/installation.ts';
import type { Instance, InstanceName } from '../../../core/client/instance.ts';
import type { Credentials } from '../../../core/leases/credentials.ts';
import { deriveSecret } from '../../../core/leases/proof.ts';
import { holdForGood } from '../../../system/client/store/hold.ts';
import { removeInstance, writeInstance } from '../../../system/client/store/instances.ts';
import {
  makeKey,
  readCredentials,
  removeSecrets,
  replaceKey,
  writeCredentials,
} from '../../../system/client/store/secrets.ts';
import { takeDown } from '../../../system/client/tunnel.ts';
import { isSystemdRunning } from '../../../system/host/timers.ts';
import { disable } from '../service.ts';
import { readUnit } from '../unit.ts';

/**
 * Writes what root keeps of a tunnel, root's file last: without it there is no tunnel. The token itself is kept nowhere.
 * A key belongs to one lease: another lease gets another one.
 * @throws Error with one line that names the file that cannot be written.
 */
export async function writeTunnel(instance: Instance, credentials: Credentials | undefined): Promise<void> {
  const { name } = instance;
  if (credentials !== undefined) {
    const { id, token } = credentials;
    await (isLeaseOf(instance, id) ? makeKey(name) : replaceKey(name));
    writeCredentials(name, { id, secret: deriveSecret(token) });
  }
  writeInstance(instance);
}

/** Stops a tunnel if there is its service, takes it down, and removes all files of it, root's file last. */
export async function removeTunnel(name: InstanceName): Promise<void> {
  if (isSystemdRunning() && (await readUnit(name)).load !== 'not-found') await disable(name);
  await holdForGood(name, CLIENT_DIRECTORY, async () => {
    await takeDown(name);
    removeSecrets(name);
    removeInstance(name);
  });
}

function isLeaseOf({ name }: Instance, id: string): boolean {
  try {
    return readCredentials(name).id === id;
  } catch {
    return false;
  }
}
