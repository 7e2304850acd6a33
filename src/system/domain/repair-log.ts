import { describeError } from '../../core/values/errors.ts';
import type { DomainName } from '../../core/values/names.ts';
import type { Events } from '../../log/events.ts';
import type { Repairs } from './repair.ts';

/** A line for what was repaired at once, whatever the number of routers. @throws Error where something could not be. */
export function logRepairs(repairs: Repairs, domain: DomainName, log: Events): void {
  const unrepaired: string[] = [];
  for (const repaired of repairs) {
    if (repaired === undefined) continue;
    const { what, removed, restored, failures } = repaired;
    const counts = { restored: restored.length, removed: removed.length };
    if (restored.length + removed.length > 0) log.report('repaired', { domain, what, ...counts });
    const [error] = failures.values();
    if (failures.size > 0) unrepaired.push(`${failures.size} times no ${what}: ${describeError(error)}`);
  }
  if (unrepaired.length > 0) throw new Error(unrepaired.join('; '));
}
