import type { DomainName } from '../../../core/values/names.ts';
import type { UnixSeconds } from '../../../core/values/time.ts';
import type { Restoring } from '../../../system/leases/backup.ts';
import { renderLine } from '../../editing/text.ts';
import { describeLease } from '../../leases/lease-json.ts';
import { renderLeases } from '../../leases/lease-table-text.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { count } from '../../terminal/words.ts';

/** The peers of a domain after its leases were replaced. */
export interface SettledDomain {
  readonly domain: DomainName;
  /** Peers that no row explains; undefined if the domain cannot be read. */
  readonly strangers: number | undefined;
  /** Why its peers are not as the table wants them. */
  readonly reason: string | undefined;
}

/** What `wgkex lease restore` did, or would do. */
export interface Restoration {
  readonly file: string;
  readonly restoring: Restoring;
  readonly isRefused: boolean;
  /** Undefined if nothing was restored, as is `aside`. */
  readonly leases: number | undefined;
  /** Where the former table is; undefined also if there was none. */
  readonly aside: string | undefined;
  readonly dryRun: boolean;
  readonly now: UnixSeconds;
  readonly domains: readonly SettledDomain[];
}

/** The bound leases that are dropped, then what was done. */
export function renderRestoration(done: Restoration, terminal: Terminal): string[] {
  const { file, restoring, isRefused, leases, aside, dryRun, now, domains } = done;
  const dropped = restoring.dropped.length === 0 ? [] : renderLeases(restoring.dropped, now, terminal);
  const would = dryRun && !isRefused ? renderLine(file, 'would restore its leases', terminal) : [];
  if (!restoring.isDone) return [...dropped, ...would, terminal.paint('notice', 'Nothing was changed.')];
  const before = aside === undefined ? '' : `; the former table is ${aside}`;
  return [
    ...dropped,
    ...renderLine(file, `restored ${leases} leases${before}`, terminal),
    ...domains.flatMap(({ domain, strangers = 0 }) => {
      if (strangers === 0) return [];
      const peers = count(strangers, 'peer has', 'peers have');
      return renderLine(domain, `${peers} no lease in it; the cleanup removes them at its second look`, terminal);
    }),
  ];
}

/** The document of `wgkex lease restore --json`; its shape is fixed in wgkex(8). */
export function describeRestoration(done: Restoration): object {
  const { file, restoring, isRefused, leases, aside, dryRun, now, domains } = done;
  return {
    file,
    dry_run: dryRun,
    success: !isRefused && domains.every(({ reason }) => reason === undefined),
    leases: leases ?? null,
    aside: aside ?? null,
    dropped: restoring.dropped.map((lease) => describeLease(lease, now)),
    fault: restoring.fault ?? null,
    domains: domains.map(({ domain, strangers, reason }) => ({
      domain,
      strangers: strangers ?? null,
      reason: reason ?? null,
    })),
  };
}
