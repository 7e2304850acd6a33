import { hadHandshakeWithin, type LastHandshake } from '../peers/handshakes.ts';
import type { PublicKey } from '../values/public-key.ts';
import type { Moment, UnixSeconds } from '../values/time.ts';

/** When each stale key was first found stale. */
export type Marks = ReadonlyMap<PublicKey, UnixSeconds>;

interface StalenessLimits {
  readonly staleAfterSeconds: number;
  readonly secondLookSeconds: number;
}

export type Verdict = 'alive' | 'revived' | 'marked' | 'waiting' | 'expired';

/** A timer that fires up to 5 % early counts as on time: systemd groups timers that are close together. */
const EARLY_FACTOR = 0.95;

/** Whether a look, these seconds after the first one, is late enough to be the second. */
export function isSecondLook(seconds: number, secondLookSeconds: number): boolean {
  return seconds >= secondLookSeconds * EARLY_FACTOR;
}

/** What a pass needs to know about a peer. */
export interface Judged {
  /** The handshake that the kernel reports, or the remembered one. */
  readonly heard: LastHandshake;
  /** False for a key that was taken off the domain's list of keys: it is stale even if it is alive. */
  readonly isAllowed: boolean;
}

/**
 * The verdict of a pass of the cleanup on one of our peers:
 * `alive`; `revived`, alive and marked; `marked`, stale for the first time; `waiting`, marked too recently;
 * `expired`, to be removed. A mark from the future (a clock set back) does not count and is set again.
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
  return isSecondLook(now.unix - markedAt, limits.secondLookSeconds) ? 'expired' : 'waiting';
}

/** The marks after a pass, for the peers that it left in place: a stale peer keeps the time of its first mark. */
export function updateMarks(marks: Marks, remaining: ReadonlyMap<PublicKey, Verdict>, now: UnixSeconds): Marks {
  const next = new Map<PublicKey, UnixSeconds>();
  for (const [key, verdict] of remaining) {
    if (verdict === 'marked') next.set(key, Math.floor(now));
    if (verdict === 'waiting' || verdict === 'expired') next.set(key, marks.get(key) ?? Math.floor(now));
  }
  return next;
}
