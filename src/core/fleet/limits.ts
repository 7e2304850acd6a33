/** More than this is not read. */
export const PAYLOAD_BYTES = 4096;
/** What the names of a domain may take of a payload. */
export const NAMES_BYTES = 3000;
/** A number counts this long from when it arrived. */
export const FRESH_SECONDS = 180;
/** Of all gateways together; each has at most 4 kB. */
export const MOST_STATES = 4096;
export const MAX_WEIGHT = 1_000_000;

/** How a message arrived. */
export interface Hearing {
  /** Sent just now, and not retained from whenever. */
  readonly isLive: boolean;
  /** In milliseconds by the clock that does not jump. */
  readonly now: number;
}
