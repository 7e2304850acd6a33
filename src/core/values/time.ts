/** Seconds since 1970, as `wg` reports handshakes. */
export type UnixSeconds = number;

/** Seconds of a clock that never jumps (CLOCK_MONOTONIC), the same for all processes until the machine restarts. */
export type MonotonicSeconds = number;

export const DAY_SECONDS = 86_400;

/** The time of an event from before it could be recorded. */
export const LONG_AGO: MonotonicSeconds = Number.NEGATIVE_INFINITY;

/** One moment by both clocks: handshakes use the first one, everything that it must not fool uses the other. */
export interface Moment {
  readonly unix: UnixSeconds;
  readonly monotonic: MonotonicSeconds;
}

/** How long ago a time was. A time in the future is damaged and counts as long ago. */
export function findAge(time: MonotonicSeconds, { monotonic }: Moment): number {
  return time > monotonic ? Number.POSITIVE_INFINITY : monotonic - time;
}
