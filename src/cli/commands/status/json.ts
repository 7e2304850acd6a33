import type { DomainConfig } from '../../../config/config.ts';
import { countStates } from '../../../core/changes/survey.ts';
import { findLastExchange } from '../../../core/exchange/activity.ts';
import type { UnixSeconds } from '../../../core/values/time.ts';
import type { FleetSummary } from '../../fleet/summary.ts';
import { type Concern, describeFault } from '../../gateway/concern.ts';
import type { DomainStatus, GatewayStatus } from '../../gateway/gateway.ts';
import type { InterfaceReading } from '../../gateway/interfaces.ts';
import type { MailSummary } from '../../members/mail.ts';
import type { Summaries } from './text.ts';

/** The document of `wgkex status --json`; its shape is fixed in wgkex(8). */
export function describeStatus(
  { at, domains }: GatewayStatus,
  concerns: readonly Concern[],
  { fleet, leases }: Summaries = {},
): object {
  const about = (domain: string | undefined) =>
    concerns.filter((concern) => concern.domain === domain).map(describeFault);
  return {
    time: Math.floor(at),
    sound: concerns.length === 0,
    attention: about(undefined),
    ...(fleet === undefined ? {} : { fleet: describeFleet(fleet) }),
    ...(leases?.mail === undefined ? {} : { mail: describeMail(leases.mail) }),
    domains: domains.map((status) => ({
      ...describeDomain(status, at),
      ...describeLeases(status.domain, leases),
      attention: about(status.domain.name),
    })),
  };
}

function describeMail({ waiting: { count, oldest, reason } }: MailSummary): object {
  return { waiting: count, oldest: oldest ?? null, reason: reason ?? null };
}

function describeFleet({ counts, isDrained }: FleetSummary): object {
  const { gateways = null, online = null, unacknowledged = null } = counts ?? {};
  return { gateways, online, unacknowledged, drained: isDrained };
}

function describeLeases({ name, leased }: DomainConfig, leases: Summaries['leases']): object {
  if (leased === undefined) return {};
  const counts = leases?.counts.get(name);
  if (counts === undefined) return { leases: null };
  const { bound, unbound, overdue, nextEnd } = counts;
  return { leases: { bound, unbound, overdue, next_end: nextEnd ?? null } };
}

function describeDomain(
  { domain, wireguard, vxlan, reading, activity, nextCleanup }: DomainStatus,
  now: UnixSeconds,
): object {
  return {
    domain: domain.name,
    wireguard: describeInterface(wireguard),
    vxlan: vxlan === undefined ? null : describeInterface(vxlan),
    peers: reading instanceof Error ? null : countStates(reading.peers),
    max_peers: domain.max_peers,
    max_pending: domain.leased === undefined ? domain.max_pending : null,
    last_exchange: findLastExchange(activity, now) ?? null,
    next_cleanup: typeof nextCleanup === 'number' ? Math.floor(nextCleanup) : null,
  };
}

function describeInterface({ name, state, kind }: InterfaceReading): object {
  return { name, state, kind: kind ?? null };
}
