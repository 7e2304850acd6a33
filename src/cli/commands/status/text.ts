import { countStates } from '../../../core/changes/survey.ts';
import { findLastExchange } from '../../../core/exchange/activity.ts';
import { PEER_STATES, type PeerState } from '../../../core/peers/peer-state.ts';
import type { FleetSummary } from '../../fleet/summary.ts';
import type { Concern } from '../../gateway/concern.ts';
import type { DomainStatus, GatewayStatus } from '../../gateway/gateway.ts';
import type { InterfaceReading } from '../../gateway/interfaces.ts';
import { describeCounts } from '../../members/counts.ts';
import { describeMail } from '../../members/mail.ts';
import type { LeaseSummary } from '../../members/summary.ts';
import { type Column, renderTable } from '../../terminal/table.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { fold, formatAgo, formatUntil } from '../../terminal/words.ts';
import { renderConcern } from '../../views/concern.ts';
import { STATE_STYLES } from '../../views/peer-columns.ts';

/** A narrower terminal has no space for the limit of a domain. */
const WIDE_COLUMNS = 100;

/** What not every gateway has. */
export interface Summaries {
  readonly fleet?: FleetSummary | undefined;
  readonly leases?: LeaseSummary | undefined;
}

/** A line for each domain, then everything that needs attention. */
export function renderStatus(
  { domains, at }: GatewayStatus,
  concerns: readonly Concern[],
  terminal: Terminal,
  { fleet, leases }: Summaries = {},
): string[] {
  const { paint, width } = terminal;
  const rows = domains.length === 0 ? ['No domain is configured.'] : renderTable(domains, buildColumns(at), terminal);
  const lines = [
    ...[...(leases?.counts ?? [])].map(([name, counts]) => describeCounts(name, counts)),
    ...(leases?.mail === undefined ? [] : [describeMail(leases.mail.waiting, at)]),
    ...(fleet === undefined ? [] : [`Fleet: ${fleet.line}.`]),
  ].flatMap((line) => fold(line, width, '  '));
  const table = lines.length === 0 ? rows : [...rows, '', ...lines];
  if (concerns.length === 0) return [...table, '', paint('good', 'Nothing needs attention.')];
  return [...table, '', paint('bad', 'Needs attention:'), ...concerns.flatMap((one) => renderConcern(one, terminal))];
}

function buildColumns(now: number): Column<DomainStatus>[] {
  return [
    { title: 'DOMAIN', forms: [({ domain }) => domain.name], style: () => 'strong', atLeast: 8 },
    LINKS,
    ...PEER_STATES.map(buildCountColumn),
    { title: 'KEYS', forms: [describeRoom], since: WIDE_COLUMNS, align: 'right' },
    buildExchangeColumn(now),
    buildCleanupColumn(now),
  ];
}

/** Faults are always shown, sound interfaces only if there is space. */
const LINKS: Column<DomainStatus> = {
  title: 'LINKS',
  forms: [
    (status) => findInterfaces(status).map(describeInterface).join(', '),
    (status) => findFaulty(status).map(describeInterface).join(', ') || 'ok',
    (status) => (findFaulty(status).length === 0 ? 'ok' : 'faulty'),
  ],
  style: (status) => (findFaulty(status).length === 0 ? 'good' : 'bad'),
  rank: 1,
};

function findInterfaces({ wireguard, vxlan }: DomainStatus): InterfaceReading[] {
  return vxlan === undefined ? [wireguard] : [wireguard, vxlan];
}

function findFaulty(status: DomainStatus): InterfaceReading[] {
  return findInterfaces(status).filter(({ state }) => state !== 'ok');
}

function describeInterface({ name, state }: InterfaceReading): string {
  return `${name} ${state}`;
}

function buildCountColumn(state: PeerState): Column<DomainStatus> {
  const countPeers = ({ reading }: DomainStatus) =>
    reading instanceof Error ? '-' : String(countStates(reading.peers)[state]);
  return {
    title: state.toUpperCase(),
    forms: [countPeers],
    align: 'right',
    style: (status) => (/[1-9]/.test(countPeers(status)) ? STATE_STYLES[state] : 'faint'),
  };
}

function buildExchangeColumn(now: number): Column<DomainStatus> {
  const cell = ({ activity }: DomainStatus) => {
    const last = findLastExchange(activity, now);
    return last === undefined ? '-' : formatAgo(last, now);
  };
  return { title: 'EXCHANGE', forms: [cell] };
}

function buildCleanupColumn(now: number): Column<DomainStatus> {
  const cell = ({ nextCleanup }: DomainStatus) => describeCleanup(nextCleanup, now);
  return { title: 'CLEANUP', forms: [cell] };
}

function describeRoom({ domain, reading }: DomainStatus): string {
  return reading instanceof Error ? '-' : `${reading.view.peers.ours.size} of ${domain.max_peers}`;
}

function describeCleanup(next: DomainStatus['nextCleanup'], now: number): string {
  if (next === undefined) return 'not known';
  return next === 'none' ? 'none' : formatUntil(next, now);
}
