import type { PublicKey } from '../values/public-key.ts';
import type { GatewayId } from './gateway-id.ts';

/** What is remembered of a router that asks again. */
export interface Memory {
  /** The gateway that it got: perhaps its tunnel is only slow. */
  readonly prefer?: GatewayId;
  /** The gateway that it got: its tunnel does not work there. */
  readonly avoid?: GatewayId;
}

interface Visits {
  readonly gateway: GatewayId;
  readonly times: number;
  readonly sinceMilliseconds: number;
}

const MOST_KEYS = 20_000;
const REMEMBERED_MILLISECONDS = 600_000;

/**
 * Which gateway each router got. Within 10 minutes the second request gets the same one, every further one another. Bounded:
 * the router that has not asked for longest is forgotten first.
 */
export class Stickiness {
  readonly #most: number;
  readonly #visits = new Map<PublicKey, Visits>();

  constructor(most = MOST_KEYS) {
    this.#most = most;
  }

  find(key: PublicKey, nowMilliseconds: number): Memory {
    const visits = this.#find(key, nowMilliseconds);
    if (visits === undefined) return {};
    return visits.times === 1 ? { prefer: visits.gateway } : { avoid: visits.gateway };
  }

  /** The router got this gateway. */
  note(key: PublicKey, gateway: GatewayId, nowMilliseconds: number): void {
    const { times, sinceMilliseconds } = this.#find(key, nowMilliseconds) ?? {
      times: 0,
      sinceMilliseconds: nowMilliseconds,
    };
    this.#visits.delete(key);
    this.#visits.set(key, { gateway, times: times + 1, sinceMilliseconds });
    const [oldest] = this.#visits.keys();
    if (this.#visits.size > this.#most && oldest !== undefined) this.#visits.delete(oldest);
  }

  #find(key: PublicKey, now: number): Visits | undefined {
    const visits = this.#visits.get(key);
    return visits !== undefined && now - visits.sinceMilliseconds < REMEMBERED_MILLISECONDS ? visits : undefined;
  }
}
