import type { UnixSeconds } from '../values/time.ts';
import type { BootSeconds } from './pauses.ts';

/** One moment by two clocks that never jump. */
export interface Ticks {
  readonly boot: BootSeconds;
  /** Stands still while the machine sleeps (CLOCK_MONOTONIC). */
  readonly awake: number;
}

/** What a look at the tunnel tells about the other end. */
export interface Signs {
  readonly handshake: UnixSeconds;
  /** Bytes. */
  readonly received: number;
}

/** What is known about the other end of a tunnel. */
export interface Health {
  readonly signs: Signs;
  /** When the last sign of life was seen. */
  readonly alive: Ticks;
  /** When the last look was, and the first one after the machine last slept. */
  readonly looked: Ticks;
  readonly woke: Ticks;
}

/** WireGuard gives a session up after 180 s; with its keepalive a new handshake comes after 120 s to 150 s. */
const QUIET_SECONDS = 180;
/** After a sleep the keepalive starts a handshake within 25 s, and there are some tries more. */
const AWAKE_SECONDS = 60;
/** More than the two clocks can differ by when they are read one after the other on a busy machine. */
const SLEEP_SECONDS = 5;

/** How long a handshake proves that a tunnel works. */
export const FRESH_SECONDS = QUIET_SECONDS;

export function beginHealth({ handshake, received }: Signs, now: Ticks): Health {
  return { signs: { handshake, received }, alive: now, looked: now, woke: now };
}

/** Whether anything has come from the other end since `before`; the time of a handshake may jump with the clock. */
export function isAlive(before: Signs, { handshake, received }: Signs): boolean {
  return received > before.received || (handshake > 0 && handshake !== before.handshake);
}

export function noteLook({ signs, alive, looked, woke }: Health, { handshake, received }: Signs, now: Ticks): Health {
  const hasSlept = now.boot - looked.boot - (now.awake - looked.awake) > SLEEP_SECONDS;
  // Bytes may have come before the sleep; a tunnel that works has another handshake soon after it.
  const known = hasSlept ? { ...signs, received } : signs;
  return {
    signs: { handshake, received },
    alive: isAlive(known, { handshake, received }) ? now : alive,
    looked: now,
    woke: hasSlept ? now : woke,
  };
}

/** Seconds without a sign of life; those of a sleep count. */
export function findQuietSeconds({ alive }: Health, now: Ticks): number {
  return now.boot - alive.boot;
}

/** Whether the tunnel is dead: quiet for too long, and since the machine woke there was time for a handshake. */
export function isIll(health: Health, now: Ticks): boolean {
  return findQuietSeconds(health, now) >= QUIET_SECONDS && now.awake - health.woke.awake >= AWAKE_SECONDS;
}
