import { existsSync } from 'node:fs';
import { type Config, hasLeases } from '../../config/config.ts';
import type { DomainName } from '../../core/values/names.ts';
import { locateTable } from '../../system/members/table-file.ts';
import type { Concern } from '../gateway/concern.ts';
import type { GatewayStatus } from '../gateway/gateway.ts';
import type { LeaseCounts } from './counts.ts';
import type { MailSummary } from './mail.ts';

/** The leases at a glance, for a gateway that has some. */
export interface LeaseSummary {
  /** Of each domain that has leases; empty if the table cannot be read. */
  readonly counts: ReadonlyMap<DomainName, LeaseCounts>;
  readonly concerns: readonly Concern[];
  /** Undefined without `[mail]`. */
  readonly mail: MailSummary | undefined;
}

/** Undefined without a domain that has leases, and for everybody but root; then nothing of them is loaded. */
export async function summariseLeases(status: GatewayStatus, config: Config): Promise<LeaseSummary | undefined> {
  if (process.getuid?.() !== 0 || !mayHaveLeases(config)) return undefined;
  const { surveyLeases } = await import('./survey.ts');
  return surveyLeases(status, config);
}

/** A domain that was taken out of the configuration leaves its leases behind. */
export function mayHaveLeases(config: Config): boolean {
  return hasLeases(config) || existsSync(locateTable(config));
}
