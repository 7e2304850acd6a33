import { beginHealth, findQuietSeconds, type Health, isIll, noteLook, type Ticks } from '../../core/client/health.ts';
import type { Look } from '../../core/client/messages.ts';
import { formatHostPort, type HostPort } from '../../core/values/host-port.ts';
import type { Tunnel } from './attempt.ts';
import { EndDate } from './end-date.ts';
import { AttemptFailure } from './failure.ts';
import { type Former, lookOrSkip, type Parts } from './parts.ts';
import { sleep } from './time-limit.ts';

/** Watches a tunnel by one look a minute; while it works, nothing else happens. */
export class Watcher {
  readonly #parts: Parts;
  readonly #endDate: EndDate;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#endDate = new EndDate(parts.clocks, parts.events);
  }

  /** Resolves with the tunnel once it was brought up again, or with its gateway once another one is needed. */
  async watch(tunnel: Tunnel): Promise<Tunnel | Former> {
    const { times, stopping } = this.#parts;
    const since = this.#now();
    let health = beginHealth(tunnel.look, since);
    for (;;) {
      await sleep(times.look, stopping);
      const look = await lookOrSkip(this.#parts);
      // That wgkex-tunnel cannot say is no reason to give a tunnel up.
      if (look === undefined) continue;
      const now = this.#now();
      health = noteLook(health, look, now);
      const hasLasted = now.boot - since.boot >= times.lasting;
      const next = this.#findEnd(tunnel, look, { health, now, hasLasted }) ?? (await this.#change(tunnel, look));
      if (next !== undefined) return next;
      if (hasLasted) this.#parts.pauses.forgive(formatHostPort(tunnel.gateway));
    }
  }

  /** Whether the tunnel is of no use any more. */
  #findEnd(
    { gateway }: Tunnel,
    { isUp }: Look,
    { health, now, hasLasted }: { health: Health; now: Ticks; hasLasted: boolean },
  ): Former | undefined {
    const { events, pauses, status } = this.#parts;
    const last = formatHostPort(gateway);
    if (!isUp) {
      events.report('tunnel down', { reason: 'somebody else removed the interface' });
      return { last, isIll: false };
    }
    if (!isIll(health, now)) return undefined;
    const seconds = Math.round(findQuietSeconds(health, now));
    events.report('tunnel ill', { on: last, seconds });
    // A gateway whose tunnels never last must not get the next one again and again.
    const pause = hasLasted ? undefined : pauses.fail(last, now.boot);
    status.noteFailure(last, new AttemptFailure('gateway', `no sign of life for ${seconds} s`), pause);
    return { last, isIll: true };
  }

  /** In another network UDP may work; near its end date the lease may have been extended. */
  async #change({ gateway, via }: Tunnel, look: Look): Promise<Tunnel | Former | undefined> {
    const { network, pauses, attempts, instance } = this.#parts;
    const isElsewhere = network.hasChanged();
    if (isElsewhere) pauses.forgiveAll();
    if (isElsewhere && via === 'tcp' && instance.overTcp === 'auto') return this.#renew(gateway, attempts.try(gateway));
    return this.#endDate.isToBeAsked(look) ? this.#renew(gateway, attempts.bring(gateway, via)) : undefined;
  }

  /** Undefined if the tunnel is as before: an `ERR` never ends one. */
  async #renew(gateway: HostPort, bringing: Promise<Tunnel>): Promise<Tunnel | Former | undefined> {
    try {
      return await bringing;
    } catch (error) {
      const { stopping, events, status } = this.#parts;
      stopping.throwIfAborted();
      if (!(error instanceof AttemptFailure)) throw error;
      if (error.via === undefined) return undefined;
      // After a handshake that did not come, nothing is left of it.
      const on = formatHostPort(gateway);
      events.report('gateway failed', { on, code: error.code, via: error.via, reason: error.message });
      status.noteFailure(on, error, undefined);
      return { last: on, isIll: true };
    }
  }

  #now(): Ticks {
    const { clocks } = this.#parts;
    return { boot: clocks.boot(), awake: clocks.awake() };
  }
}
