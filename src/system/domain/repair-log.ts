import { describeError } from '../../core/values/errors.ts';
import type { DomainName } from '../../core/values/names.ts';
import type { Events } from '../../log/events.ts';
import type { Repairs } from './repair.ts';

/** Logs one line for each kind of repair, whatever the number of routers. @throws Error if a repair failed. */
export function logRepairs(repairs: Repairs, domain: DomainName, log: Events): void {
  const unrepaired: string[] = [];
  for (const repaired of repairs) {
    if (repaired === undefined) continue;
    const { what, removed, restored, failures } = repaired;
    const counts = { restored: restored.length, removed: removed.length };
    if (restored.length + removed.length > 0) log.report('repaired', { domain, what, ...counts });
    const [error] = failures.values();
    if (failures.size > 0) unrepaired.push(`${what}: ${failures.size} not repaired: ${describeError(error)}`);
  }
  if (unrepaired.length > 0) throw new Error(unrepaired.join('; '));
}
