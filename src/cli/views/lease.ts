import type { KeyLease } from '../../core/leases/key-lease.ts';
import type { Lease } from '../../core/leases/lease.ts';
import { escapeUnshowable } from '../../core/values/quote.ts';
import type { UnixSeconds } from '../../core/values/time.ts';
import { HarmlessRemedy } from '../gateway/harmless.ts';
import type { Membership } from '../gateway/router.ts';
import { formatTime, formatUntil } from '../terminal/words.ts';

const ABOUT_CHARACTERS = 64;
const UNREADABLE = 'the leases cannot be read (see wgkex check)';

/** The lease of a peer, in one line: `abcdefgh, until 2026-12-01 00:00:00 (in 2 d), a@example.org, Depot`. */
export function describeLease({ lease: found, reading }: Membership): string {
  if (found instanceof Error) return UNREADABLE;
  if (found === undefined) return 'none; the cleanup removes it';
  const { lease, state } = found;
  if (state === 'released') return `none, released from ${lease.id}; the cleanup removes it`;
  if (state === 'ended') return `${lease.id}, ${describeEnd(lease)}; the cleanup removes it`;
  const about = [lease.email, lease.note].filter((text) => text !== undefined);
  // A shop may have written them.
  const shown = about.map((text) => escapeUnshowable(text, ABOUT_CHARACTERS));
  return [lease.id, describeExpiry(lease, reading.at), ...shown].join(', ');
}

function describeExpiry({ expires }: Lease, now: UnixSeconds): string {
  if (expires === undefined) return 'without an end date';
  const when = formatTime(expires);
  return expires > now ? `until ${when} (${formatUntil(expires, now)})` : `overdue since ${when}`;
}

function describeEnd({ ended }: Lease): string {
  return ended === undefined ? 'lasts' : `ended ${formatTime(ended)}`;
}

/** Why a key is not a peer as far as leases go, in a sentence. */
export function explainLeaseAbsence({ lease: found, reading, obstacles }: Membership): string {
  if (found instanceof Error) return UNREADABLE;
  if (found === undefined) return 'it has no lease';
  const { id, ended = 0 } = found.lease;
  switch (found.state) {
    case 'released':
      return `it was released from lease ${id}, which never admits it again`;
    case 'ended':
      return `its lease ${id} ended on ${formatTime(ended)}; to bring it back: wgkex lease extend ${id} --days N`;
    case 'bound':
      if (obstacles.length > 0) return `its lease ${id} lasts, but gives it no peer as long as that is so`;
      return `its lease ${id} lasts, but it has no peer; to restore it: ${HarmlessRemedy.restoreForwarding(reading.domain.name)}`;
  }
}

/** In the document of `wgkex show --json`. */
export function describeKeyLease(found: KeyLease | Error | undefined): object | null {
  if (found === undefined || found instanceof Error) return null;
  const { state, lease } = found;
  const { id, email = null, note = null, expires = null, ended = null, address4 = null, address6 = null } = lease;
  return { id, state, email, note, expires, ended, address4, address6 };
}
