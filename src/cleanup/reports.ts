import { describeError } from '../core/values/errors.ts';
import type { FieldsOf } from '../log/events.ts';
import type { Repaired, Repairs } from '../system/domain/repair.ts';
import type { Failures } from '../system/kernel/bisect.ts';
import type { Pass } from './pass/pass.ts';

/** Reports failures, one line for each reason: with the item itself if it is only one, else with their number. */
export function reportFailures<T>(
  what: string,
  failures: Failures<T>,
  { domain, log }: Pass,
  describe: (item: T) => Pick<FieldsOf<'failed'>, 'address' | 'key' | 'mac' | 'via'>,
): void {
  for (const [reason, items] of groupByReason(failures)) {
    const fields = items.length === 1 ? items.map(describe)[0] : { count: items.length };
    log.report('failed', { domain: domain.name, ...fields, what, reason });
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

/** Reports what was repaired, or would be. Returns the number of failed repairs. */
export function reportRepairs(repairs: Repairs, pass: Pass): number {
  return repairs.reduce((failed, repaired) => {
    if (repaired !== undefined) reportRepaired(repaired as Repaired<unknown>, pass);
    return failed + (repaired?.failures.size ?? 0);
  }, 0);
}

function reportRepaired<T>({ what, removed, restored, failures, describe }: Repaired<T>, pass: Pass): void {
  const { domain, log } = pass;
  for (const item of removed) log.report(`removed ${what}`, { domain: domain.name, ...describe(item) });
  for (const item of restored) log.report(`restored ${what}`, { domain: domain.name, ...describe(item) });
  reportFailures(what, failures, pass, describe);
}
