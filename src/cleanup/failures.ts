import { describeError } from '../errors.ts';
import type { LogFields } from '../log.ts';
import type { Failures } from '../system/jointly.ts';
import type { Pass } from './pass.ts';

/** Reports what failed in one line for each reason: with what it was about where that is one thing, else with how many. */
export function reportFailures<T>(
  what: string,
  failures: Failures<T>,
  { domain, log }: Pass,
  describe: (item: T) => LogFields,
): void {
  for (const [reason, items] of groupByReason(failures)) {
    const fields = items.length === 1 ? items.map(describe)[0] : { count: items.length };
    log.error('failed', { domain: domain.name, ...fields, what, reason });
  }
}

function groupByReason<T>(failures: Failures<T>): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const [item, error] of failures) {
    const reason = describeError(error);
    const group = groups.get(reason);
    if (group === undefined) groups.set(reason, [item]);
    else group.push(item);
  }
  return groups;
}
