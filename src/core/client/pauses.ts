/** Seconds of a clock that never jumps and that counts sleep, too (CLOCK_BOOTTIME). */
export type BootSeconds = number;

interface Pause {
  readonly failures: number;
  readonly until: BootSeconds;
}

const FIRST_SECONDS = 60;
const LONGEST_SECONDS = 3600;

/** Which gateways are left out for now: one that fails for a minute, then for twice as long each time, up to an hour. */
export class Pauses<T> {
  readonly #pauses = new Map<T, Pause>();

  /** @returns how many seconds the gateway is left out. */
  fail(gateway: T, now: BootSeconds): number {
    const failures = (this.#pauses.get(gateway)?.failures ?? 0) + 1;
    const seconds = Math.min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** (failures - 1));
    this.#pauses.set(gateway, { failures, until: now + seconds });
    return seconds;
  }

  /** It brought a tunnel that lasted. */
  forgive(gateway: T): void {
    this.#pauses.delete(gateway);
  }

  /** The network is another one: what failed before may work. */
  forgiveAll(): void {
    this.#pauses.clear();
  }

  isPaused(gateway: T, now: BootSeconds): boolean {
    return this.findSeconds(gateway, now) > 0;
  }

  /** How long the gateway is still left out. */
  findSeconds(gateway: T, now: BootSeconds): number {
    return Math.max(0, (this.#pauses.get(gateway)?.until ?? now) - now);
  }
}
