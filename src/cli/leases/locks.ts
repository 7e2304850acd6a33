import type { DomainName } from '../../core/values/names.ts';
import { type Lock, takeDomainLock } from '../../system/files/lock.ts';
import type { Leasing } from './leasing.ts';

/**
 * Runs `action` under the locks of domains, whose leases then nobody else changes; a dry run does without. The locks
 * need no interface.
 */
export async function withLocks<T>(
  domains: Iterable<DomainName>,
  { config, dryRun }: Leasing,
  action: () => Promise<T>,
): Promise<T> {
  const locks: Lock[] = [];
  try {
    // In one order, so that two commands never wait for each other.
    for (const domain of dryRun ? [] : [...new Set(domains)].sort())
      locks.push(await takeDomainLock(config.runtime_directory, domain));
    return await action();
  } finally {
    for (const lock of locks) lock.release();
  }
}
