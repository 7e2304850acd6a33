import type { Lease } from '../../core/leases/lease.ts';
import { findLeaseState, type LeaseState } from '../../core/leases/lease-state.ts';
import type { UnixSeconds } from '../../core/values/time.ts';
import { type Column, renderTable } from '../terminal/table.ts';
import type { Style, Terminal } from '../terminal/terminal.ts';
import { formatTime } from '../terminal/words.ts';
import { formatAddresses } from './change-text.ts';

const DAY_CHARACTERS = '2026-11-20'.length;
const LEAST_WORDS = 12;

export const LEASE_STATE_STYLES: Record<LeaseState, Style> = {
  unbound: 'plain',
  bound: 'good',
  overdue: 'notice',
  ended: 'faint',
};

export function renderLeases(leases: readonly Lease[], now: UnixSeconds, terminal: Terminal): string[] {
  return renderTable(leases, buildColumns(now), terminal);
}

function buildColumns(now: UnixSeconds): Column<Lease>[] {
  return [
    { title: 'ID', forms: [({ id }) => id] },
    { title: 'DOMAIN', forms: [({ domain }) => domain] },
    {
      title: 'STATE',
      forms: [(lease) => findLeaseState(lease, now)],
      style: (lease) => LEASE_STATE_STYLES[findLeaseState(lease, now)],
    },
    { title: 'ENDS', forms: [formatEnd, (lease) => formatEnd(lease).slice(0, DAY_CHARACTERS)], rank: 2 },
    { title: 'ADDRESS', forms: [formatAddresses, ({ address4, address6 }) => address4 ?? address6 ?? ''], rank: 1 },
    { title: 'EMAIL, NOTE', forms: [formatWords], atLeast: LEAST_WORDS },
  ];
}

/** When it ended, or will end. */
export function formatEnd({ expires, ended }: Pick<Lease, 'expires' | 'ended'>): string {
  const end = ended ?? expires;
  return end === undefined ? 'never' : formatTime(end);
}

function formatWords({ email, note }: Lease): string {
  return [email, note].filter((text) => text !== undefined).join(', ');
}
