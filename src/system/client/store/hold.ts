import { deriveInterface, type InstanceName } from '../../../core/client/instance.ts';
import { takeInstanceLock } from '../../files/lock.ts';

/** Changes a tunnel while nobody else does: the effects of two helpers never mix. @throws Error after 4 s of waiting. */
export async function holdTunnel<T>(name: InstanceName, directory: string, change: () => Promise<T>): Promise<T> {
  const lock = await takeInstanceLock(directory, deriveInterface(name));
  try {
    return await change();
  } finally {
    lock.release();
  }
}

/** The same for the change that removes all of a tunnel; if it succeeds, the file of the lock goes as well. */
export async function holdForGood(name: InstanceName, directory: string, change: () => Promise<void>): Promise<void> {
  const lock = await takeInstanceLock(directory, deriveInterface(name));
  try {
    await change();
  } catch (error) {
    lock.release();
    throw error;
  }
  lock.remove();
}
