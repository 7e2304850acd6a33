import { hadHandshakeWithin, type LastHandshake } from '../peers/handshakes.ts';
import type { PublicKey } from '../values/public-key.ts';
import type { Moment, UnixSeconds } from '../values/time.ts';

/** When each stale key was first seen to be stale. */
export type Marks = ReadonlyMap<PublicKey, UnixSeconds>;

interface StalenessLimits {
  readonly staleAfterSeconds: number;
  readonly secondLookSeconds: number;
}

export type Verdict = 'alive' | 'revived' | 'marked' | 'waiting' | 'expired';

/** A timer that fires up to 5 % early counts as on time: systemd groups timers that are near one another. */
const EARLY_FACTOR = 0.95;

/** What a pass looks at. */
export interface Judged {
  /** What the kernel reports, or what is remembered. */
  readonly heard: LastHandshake;
  /** False for a key that was taken off the list of the domain's keys: it is stale however alive it is. */
  readonly isAllowed: boolean;
}

/**
 * What a pass of the cleanup finds of one of our peers:
 * `alive`; `revived`, alive and marked; `marked`, stale for the first time; `waiting`, marked too short a time ago;
 * `expired`, to be removed. A mark from the future (a clock set back) is worth nothing and is made again.
 */
export function judgePeer(
  { heard, isAllowed }: Judged,
  markedAt: UnixSeconds | undefined,
  limits: StalenessLimits,
  now: Moment,
): Verdict {
  const isAlive = isAllowed && hadHandshakeWithin(heard, limits.staleAfterSeconds, now);
  if (isAlive) return markedAt === undefined ? 'alive' : 'revived';
  if (markedAt === undefined || markedAt > now.unix) return 'marked';
  return now.unix - markedAt >= limits.secondLookSeconds * EARLY_FACTOR ? 'expired' : 'waiting';
}

/** The marks after a pass, for the peers that it left in place: who is stale keeps the time of the first mark. */
export function updateMarks(marks: Marks, remaining: ReadonlyMap<PublicKey, Verdict>, now: UnixSeconds): Marks {
  const next = new Map<PublicKey, UnixSeconds>();
  for (const [key, verdict] of remaining) {
    if (verdict === 'marked') next.set(key, Math.floor(now));
    if (verdict === 'waiting' || verdict === 'expired') next.set(key, marks.get(key) ?? Math.floor(now));
  }
  return next;
}
