import type { Restoration } from '../../../src/cli/commands/lease/restore-text.ts';
import type { ShownLease } from '../../../src/cli/commands/lease/show-text.ts';
import type { LeaseChange } from '../../../src/cli/leases/change-lease.ts';
import type { Lease } from '../../../src/core/leases/lease.ts';
import { parseIpAddress } from '../../../src/core/values/ip-address.ts';
import { NOW } from '../../core/arbitraries.ts';
import { bound, DAY, keyOf, MEMBERS, unbound } from '../../system/leases/scene.ts';

/** One in each state. */
export const LEASES: readonly Lease[] = [
  bound(1, { note: 'paid until spring', orderId: 'shop 4711', usedKeys: [keyOf(9)], reminded: [7] }),
  unbound(2, { expires: undefined, email: undefined }),
  bound(3, { expires: NOW - 60 }),
  bound(4, {
    ended: NOW - DAY,
    address6: undefined,
    email: undefined,
    note: 'the workshop of the hackerspace in Köln',
  }),
];

const PEER = {
  ...{ key: keyOf(1), endpoint: parseIpAddress('192.0.2.7'), allowedIps: ['10.66.0.1/32'], lastHandshake: NOW - 60 },
  ...{ received: 0, sent: 0, hasPresharedKey: false, hasKeepalive: false },
};

export function buildShown(lease = bound(1)): ShownLease {
  return { lease, name: undefined, peer: PEER, isRead: true, now: NOW };
}

export function buildChange(change: Partial<LeaseChange> = {}): LeaseChange {
  const affected = { key: keyOf(1), isMember: true };
  const settled = { peer: 'restored', complaint: undefined } as const;
  return { what: 'extended', lease: bound(1), affected, addresses: 'same', dryRun: false, ...settled, ...change };
}

export function buildRestoration(done: Partial<Restoration> = {}): Restoration {
  return {
    file: '/root/leases.backup',
    restoring: { isDone: true, dropped: [bound(3)], fault: undefined },
    isRefused: false,
    leases: 4,
    aside: '/var/lib/wgkex/leases.db.before',
    dryRun: false,
    now: NOW,
    domains: [{ domain: MEMBERS, strangers: 2, reason: undefined }],
    ...done,
  };
}
