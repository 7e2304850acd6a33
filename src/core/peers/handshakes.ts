import type { Handshakes, Peer } from '../values/peer.ts';
import type { PublicKey } from '../values/public-key.ts';
import { findAge, LONG_AGO, type Moment, type UnixSeconds } from '../values/time.ts';
import type { HeardHandshake, Registration } from './record.ts';

/** WireGuard's REJECT_AFTER_TIME: a session that had no handshake for this long carries no packets. */
export const LIVE_SECONDS = 180;

export type LastHandshake = UnixSeconds | 'never';

/** Whether the last handshake is at most `seconds` ago. */
export function hadHandshakeWithin(
  lastHandshake: LastHandshake,
  seconds: number,
  { unix }: Pick<Moment, 'unix'>,
): boolean {
  return lastHandshake !== 'never' && unix - lastHandshake <= seconds;
}

/**
 * The kernel's handshake by the current clock. A handshake in the future, because the clock was set back, counts from
 * the time when it was first read.
 */
export function settleHandshake(
  lastHandshake: LastHandshake,
  heard: Registration['heard'],
  now: Moment,
): LastHandshake {
  if (lastHandshake === 'never' || lastHandshake <= now.unix) return lastHandshake;
  const readAt = heard?.at === lastHandshake ? heard.readAt : now.monotonic;
  return Math.max(0, now.unix - findAge(readAt, now));
}

/** The last known handshake of a peer: the kernel forgets it when the peer is reset or restored. */
export function findLastHandshake(
  { lastHandshake }: Pick<Peer, 'lastHandshake'>,
  heard: Registration['heard'],
  now: Moment,
): LastHandshake {
  const remembered = heard === undefined ? 'never' : settleHandshake(heard.at, heard, now);
  const reported = settleHandshake(lastHandshake, heard, now);
  if (remembered === 'never' || reported === 'never') return reported === 'never' ? remembered : reported;
  return Math.max(remembered, reported);
}

/** The record's note of a handshake that a reading reports; undefined if the record already has that one. */
export function noteHandshake(
  { lastHandshake }: Pick<Peer, 'lastHandshake'>,
  registration: Registration,
  { monotonic }: Moment,
): Registration | undefined {
  if (lastHandshake === 'never') return undefined;
  const isNew = registration.heard?.at !== lastHandshake;
  if (!isNew && registration.restores === 0) return undefined;
  const heard = isNew ? { at: lastHandshake, readAt: monotonic } : registration.heard;
  return { ...registration, heard, restores: 0, source: undefined, isLeaving: false };
}

/** A handshake from an earlier boot or an earlier file, read now. */
export function remember(at: UnixSeconds, { unix, monotonic }: Moment): Registration['heard'] {
  return { at, readAt: at > unix ? monotonic : LONG_AGO };
}

/** The last handshakes of the keys that would be restored today, latest first. */
export function collectAlive(
  registrations: ReadonlyMap<PublicKey, Registration>,
  seconds: number,
  now: Moment,
): Handshakes {
  const alive = [...registrations].flatMap(([key, { heard, isLeaving }]) => {
    const isAlive = !isLeaving && heard !== undefined && isRecent(heard, seconds, now);
    return isAlive ? [[key, heard.at] as const] : [];
  });
  return new Map(alive.sort(([, a], [, b]) => b - a));
}

function isRecent(heard: HeardHandshake, seconds: number, now: Moment): boolean {
  return hadHandshakeWithin(settleHandshake(heard.at, heard, now), seconds, now);
}
