/** Seconds since 1970, as `wg` reports handshakes. */
export type UnixSeconds = number;

/** Seconds of a clock that never jumps (CLOCK_MONOTONIC), the same for all processes until the machine restarts. */
export type MonotonicSeconds = number;

/** A time of something that happened before anybody wrote it down. */
export const LONG_AGO: MonotonicSeconds = Number.NEGATIVE_INFINITY;

/** One moment by both clocks: handshakes go by the first one, everything that must not be fooled by it by the other. */
export interface Moment {
  readonly unix: UnixSeconds;
  readonly monotonic: MonotonicSeconds;
}

/** How long ago that was. A time that lies in the future is damaged, and counts as long ago. */
export function findAge(time: MonotonicSeconds, { monotonic }: Moment): number {
  return time > monotonic ? Number.POSITIVE_INFINITY : monotonic - time;
}
