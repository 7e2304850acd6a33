import { describeError } from '../../../core/values/errors.ts';
import { makeTrustedDirectory } from '../../../system/files/trust.ts';
import { findPrevious, type Restoring, restoreTable } from '../../../system/leases/backup.ts';
import type { EditOptions } from '../../editing/editing.ts';
import { beginLeasing, findLeasedDomains, type Leasing } from '../../leases/leasing.ts';
import { withLocks } from '../../leases/locks.ts';
import { settleDomain } from '../../leases/settle-peer.ts';
import type { Call } from '../../terminal/call.ts';
import { complain, printJson, printLines } from '../../terminal/print.ts';
import { findTerminal } from '../../terminal/terminal.ts';
import { describeRestoration, type Restoration, renderRestoration, type SettledDomain } from './restore-text.ts';

interface Options extends EditOptions {
  readonly yes?: boolean;
}

/** `wgkex lease restore FILE`: put a backup in place of the table. False if it is refused, or a domain cannot be read. */
export async function run({ args: [file = ''], options }: Call<Options>): Promise<boolean> {
  const leasing = beginLeasing(options);
  const { config, table, log, dryRun, now } = leasing;
  const mayDrop = options.yes === true;
  makeTrustedDirectory(config.state_directory);
  const domains = findLeasedDomains(config);
  const names = domains.map(({ name }) => name);
  const hadTable = table.exists();
  const restoring = await withLocks(names, leasing, () =>
    restoreTable(table.path, file, { mayDrop, isDryRun: dryRun }),
  );
  const isRefused = !mayDrop && (restoring.dropped.length > 0 || restoring.fault !== undefined);
  const leases = restoring.isDone ? (await table.list()).length : undefined;
  const aside = restoring.isDone && hadTable ? findPrevious(table.path) : undefined;
  if (restoring.isDone) log.report('leases replaced', { keys: leases, aside, by: 'operator' });
  const settled = restoring.isDone ? await settleAll(leasing) : [];
  if (!dryRun) await log.write();
  const done: Restoration = { file, restoring, isRefused, leases, aside, dryRun, now, domains: settled };
  for (const complaint of listComplaints(done)) complain(complaint);
  if (options.json) printJson(describeRestoration(done));
  else printLines(renderRestoration(done, findTerminal()));
  return !isRefused && settled.every(({ reason }) => reason === undefined);
}

/** One domain after the other: each has a lock of its own. */
async function settleAll(leasing: Leasing): Promise<SettledDomain[]> {
  const settled: SettledDomain[] = [];
  for (const domain of findLeasedDomains(leasing.config)) {
    try {
      const { strangers, failures } = await settleDomain(domain, leasing);
      const reason = failures === 0 ? undefined : `${failures} changes failed; ${LEFT}`;
      settled.push({ domain: domain.name, strangers: strangers.length, reason });
    } catch (error) {
      settled.push({ domain: domain.name, strangers: undefined, reason: `${describeError(error)}; ${LEFT}` });
    }
  }
  return settled;
}

const LEFT = 'the next pass of the cleanup does the rest';

function listComplaints({ file, restoring, isRefused, domains }: Restoration): string[] {
  return [
    ...(isRefused
      ? [`Cannot restore ${file}: ${describeRefusal(restoring)}; to restore it nevertheless, add --yes`]
      : []),
    ...domains.flatMap(({ domain, reason }) => (reason === undefined ? [] : [`${domain}: ${reason}`])),
  ];
}

function describeRefusal({ dropped: { length }, fault }: Restoring): string {
  return fault === undefined
    ? `${length} bound leases would lose their key or address`
    : `nobody knows which bound leases would be lost: ${fault}`;
}
