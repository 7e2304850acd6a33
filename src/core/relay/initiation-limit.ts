const INITIATIONS = 5;
const INTERVAL_MILLISECONDS = 5000;

/** How many handshakes one direction of a connection may ask for: WireGuard itself asks every 5 s. */
export class InitiationLimit {
  /** The latest ones that were allowed, the oldest first. */
  readonly #times: number[] = [];

  /** Whether one more is allowed at this time of a clock that does not jump. */
  take(nowMilliseconds: number): boolean {
    const [oldest] = this.#times;
    const isFull = this.#times.length === INITIATIONS;
    if (isFull && oldest !== undefined && nowMilliseconds - oldest < INTERVAL_MILLISECONDS) return false;
    if (isFull) this.#times.shift();
    this.#times.push(nowMilliseconds);
    return true;
  }
}
