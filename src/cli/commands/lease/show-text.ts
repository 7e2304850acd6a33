import type { Lease } from '../../../core/leases/lease.ts';
import { findLeaseState } from '../../../core/leases/lease-state.ts';
import type { Peer } from '../../../core/values/peer.ts';
import type { RouterName } from '../../../core/values/router-name.ts';
import type { UnixSeconds } from '../../../core/values/time.ts';
import { formatAddresses } from '../../leases/change-text.ts';
import { describeLease } from '../../leases/lease-json.ts';
import { LEASE_STATE_STYLES } from '../../leases/lease-table-text.ts';
import { renderFields } from '../../terminal/fields.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { appendName, formatAgo, formatTime } from '../../terminal/words.ts';

export interface ShownLease {
  readonly lease: Lease;
  /** The name that the operator gave to its key. */
  readonly name: RouterName | undefined;
  readonly peer: Peer | undefined;
  /** Whether the peers could be read, if the lease has a key. */
  readonly isRead: boolean;
  readonly now: UnixSeconds;
}

export function renderShownLease(shown: ShownLease, terminal: Terminal): string[] {
  const { lease, name, now } = shown;
  const { key } = lease;
  const state = findLeaseState(lease, now);
  const fields: [name: string, value: string | undefined][] = [
    ['domain', lease.domain],
    ['email', lease.email],
    ['note', lease.note],
    ['order', lease.orderId],
    ['created', formatTime(lease.created)],
    ['ends', lease.expires === undefined ? 'never' : formatTime(lease.expires)],
    ['ended', formatIfKnown(lease.ended)],
    ['reminded', lease.reminded.length === 0 ? undefined : `${lease.reminded.join(', ')} days before the end`],
    ['key', key === undefined ? 'none yet' : `${key}${appendName(name)}`],
    ['address', formatAddresses(lease) || undefined],
    ['bound', formatIfKnown(lease.bound)],
    ['peer', key && describePeer(shown)],
    ...lease.usedKeys.map((used): [string, string] => ['released', used]),
  ];
  const known = fields.flatMap(([title, value]) => (value === undefined ? [] : [[title, value] as const]));
  const heading = `${terminal.paint('strong', lease.id)}  ${terminal.paint(LEASE_STATE_STYLES[state], state)}`;
  return [heading, ...renderFields(known, terminal)];
}

function formatIfKnown(time: UnixSeconds | undefined): string | undefined {
  return time === undefined ? undefined : formatTime(time);
}

function describePeer({ peer, isRead, now }: ShownLease): string {
  if (peer === undefined) return isRead ? 'none' : 'not known';
  const from = peer.endpoint === undefined ? '' : ` from ${peer.endpoint}`;
  return peer.lastHandshake === 'never'
    ? 'no handshake yet'
    : `last handshake ${formatAgo(peer.lastHandshake, now)}${from}`;
}

/** The document of `wgkex lease show --json`; its shape is fixed in wgkex(8). */
export function describeShownLease({ lease, name, peer, now }: ShownLease): object {
  const handshake = peer === undefined || peer.lastHandshake === 'never' ? null : peer.lastHandshake;
  return {
    time: now,
    ...describeLease(lease, now),
    name: name ?? null,
    peer: peer === undefined ? null : { handshake, endpoint: peer.endpoint ?? null },
  };
}
