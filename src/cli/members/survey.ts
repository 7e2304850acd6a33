import { join } from 'node:path';
import type { Config } from '../../config/config.ts';
import { OUTBOX } from '../../core/mail/letter.ts';
import { escapeUnshowable } from '../../core/values/quote.ts';
import type { UnixSeconds } from '../../core/values/time.ts';
import { LeaseTableError } from '../../system/leases/table-error.ts';
import { readWaiting } from '../../system/mail/waiting.ts';
import type { GatewayStatus } from '../gateway/gateway.ts';
import { countLeases } from './counts.ts';
import { findHomeless, findMemberFaults, findPoolFaults, findTableFault } from './findings.ts';
import { findMailFaults, type MailSummary } from './mail.ts';
import { findDifferences, readLeases } from './reading.ts';
import type { LeaseSummary } from './summary.ts';

const REASON_CHARACTERS = 200;

/** Everything that `wgkex status` knows about the leases. */
export async function surveyLeases({ domains, at }: GatewayStatus, config: Config): Promise<LeaseSummary> {
  const mail = summariseMail(config, at);
  const leases = await readLeases(config);
  if (leases instanceof LeaseTableError) return { counts: new Map(), concerns: [findTableFault(leases)], mail };
  const leased = domains.map(({ domain }) => domain).filter((domain) => domain.leased !== undefined);
  const readings = domains.flatMap(({ domain, reading }) =>
    domain.leased === undefined || reading instanceof Error ? [] : [reading],
  );
  const differences = await findDifferences(readings, leases, config);
  return {
    counts: new Map(leased.map(({ name }) => [name, countLeases(leases, name, at)])),
    concerns: [
      ...findHomeless(leases, config),
      ...leased.flatMap((domain) => findPoolFaults(leases, domain, at)),
      ...[...differences].flatMap(([name, difference]) => findMemberFaults(name, difference)),
    ],
    mail,
  };
}

/** Undefined without `[mail]`. */
function summariseMail({ mail, state_directory }: Config, now: UnixSeconds): MailSummary | undefined {
  if (mail === undefined) return undefined;
  const { reason, ...others } = readWaiting(join(state_directory, OUTBOX));
  const waiting = { ...others, reason: reason && escapeUnshowable(reason, REASON_CHARACTERS) };
  return { waiting, concerns: findMailFaults(waiting, now) };
}
