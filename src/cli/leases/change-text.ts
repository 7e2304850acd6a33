import { formatCredentials } from '../../core/leases/credentials.ts';
import type { Lease } from '../../core/leases/lease.ts';
import { renderLine } from '../editing/text.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { formatTime } from '../terminal/words.ts';
import type { ChangeName, LeaseChange } from './change-lease.ts';
import { describeTicket } from './tickets.ts';

const VERBS: Record<ChangeName, readonly [done: string, dry: string]> = {
  extended: ['extended', 'would extend'],
  released: ['released', 'would release'],
  rotated: ['replaced the token of', 'would replace the token of'],
  revoked: ['revoked', 'would revoke'],
};
const PEER_VERBS = {
  removed: ['removed', 'would remove'],
  restored: ['restored', 'would restore'],
} as const;

/** A line for each effect, then a new ticket alone on its line, for a script that wants nothing else. */
export function renderChange(change: LeaseChange, terminal: Terminal): string[] {
  const { what, lease, dryRun, token, peer, affected } = change;
  const place = dryRun ? 1 : 0;
  const effects = [
    ...(what === 'rotated' && !dryRun ? [] : [`${VERBS[what][place]} ${lease.id}${describeEffect(change)}`]),
    ...(peer === undefined ? [] : [`${PEER_VERBS[peer][place]} peer ${affected?.key}`]),
  ];
  return [
    ...effects.flatMap((text) => renderLine(lease.domain, text, terminal)),
    ...(token === undefined ? [] : [formatCredentials(lease.id, token)]),
    ...(dryRun ? [terminal.paint('notice', 'Nothing was changed.')] : []),
  ];
}

function describeEffect({ what, lease, addresses, reason, affected }: LeaseChange): string {
  if (what === 'released') return `; ${affected?.key} cannot bind it again`;
  if (what !== 'extended') return '';
  const end = ` until ${lease.expires === undefined ? 'further notice' : formatTime(lease.expires)}`;
  if (addresses === 'new') return `${end}; it gets a new address at its next registration: ${reason}`;
  return addresses === 'same' ? `${end}, with the same address: ${formatAddresses(lease)}` : end;
}

export function formatAddresses({ address4, address6 }: Pick<Lease, 'address4' | 'address6'>): string {
  return [address4, address6].filter((address) => address !== undefined).join(', ');
}

/** The document of the commands that change one lease, with `--json`; its shape is fixed in wgkex(8). */
export function describeChange({
  what,
  lease,
  dryRun,
  token,
  addresses,
  reason,
  peer,
  complaint,
}: LeaseChange): object {
  return {
    ...{ id: lease.id, domain: lease.domain, dry_run: dryRun, success: complaint === undefined, outcome: what },
    ...describeTicket(lease.id, token),
    expires: lease.expires ?? null,
    address4: lease.address4 ?? null,
    address6: lease.address6 ?? null,
    addresses: addresses ?? null,
    peer: peer ?? null,
    reason: complaint ?? reason ?? null,
  };
}
