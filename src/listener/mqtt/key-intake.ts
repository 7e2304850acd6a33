import { isMesh } from '../../config/config.ts';
import { TokenBuckets } from '../../core/exchange/token-buckets.ts';
import { parseWorkerKey } from '../../core/fleet/workers/payloads.ts';
import { InputError } from '../../core/values/errors.ts';
import type { Source } from '../../core/values/ip-address.ts';
import type { DomainName } from '../../core/values/names.ts';
import type { Desk } from '../desk.ts';

/** For the whole gateway: anybody who may publish keys may publish any number of them. */
const LIMITS = { burst: 1000, perSecond: 20, remembered: 1 };
const EVERYBODY = 'topics' as Source;

/** Keys from freifunkMUC's brokers, which give each to all workers and wait for no answer. */
export class KeyIntake {
  readonly #desk: Pick<Desk, 'config' | 'exchangeBroadcast'>;
  readonly #buckets = new TokenBuckets(LIMITS);

  constructor(desk: Pick<Desk, 'config' | 'exchangeBroadcast'>) {
    this.#desk = desk;
  }

  /** @throws InputError if it is not taken; the key, which may be anything, stays out of it. */
  take(domain: DomainName, payload: Uint8Array, isRetained: boolean): void {
    const known = this.#desk.config.domains.get(domain);
    if (known === undefined || !isMesh(known)) return;
    if (isRetained) throw new InputError('a retained key');
    const key = parseWorkerKey(payload);
    const now = performance.now();
    if (!this.#buckets.hasToken(EVERYBODY, now))
      throw new InputError(`more than ${LIMITS.perSecond} keys a second: further ones are not taken`);
    this.#buckets.take(EVERYBODY, now);
    void this.#desk.exchangeBroadcast({ domain, key });
  }
}
