import { orderByChance, orderByTimes } from '../../core/client/choice.ts';
import { isAlive } from '../../core/client/health.ts';
import type { Look } from '../../core/client/messages.ts';
import { formatHostPort, type HostPort } from '../../core/values/host-port.ts';
import type { Tunnel } from './attempt.ts';
import { AttemptFailure } from './failure.ts';
import { sampleTimes } from './gateway/sample.ts';
import { type Former, lookOrSkip, type Parts } from './parts.ts';
import { sleep } from './time-limit.ts';

/** Tries gateway after gateway until there is a tunnel. */
export class Seeker {
  readonly #parts: Parts;
  /** Why nothing worked, as it was logged last: it is logged on a change. */
  #told: string | undefined;
  /** Seconds until a gateway that has not failed itself is tried again. */
  #retry: number;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#retry = parts.times.retry;
  }

  /** Resolves with a tunnel, however long that takes. @throws the reason of `stopping` */
  async seek(former: Former): Promise<Tunnel> {
    this.#retry = this.#parts.times.retry;
    for (;;) {
      const outcome = await this.#tryAll(former);
      const tunnel = outcome instanceof AttemptFailure ? await this.#wait(outcome) : outcome;
      if (tunnel === undefined) continue;
      this.#told = undefined;
      return tunnel;
    }
  }

  /** One attempt with each gateway that is not left out. */
  async #tryAll(former: Former): Promise<Tunnel | AttemptFailure> {
    const { status, stopping } = this.#parts;
    status.begin('seeking');
    this.#noticeNetwork();
    const failures = new Map<HostPort, AttemptFailure>();
    for (const gateway of await this.#order(former)) {
      stopping.throwIfAborted();
      const outcome = await this.#try(gateway);
      if (!(outcome instanceof AttemptFailure)) return outcome;
      failures.set(gateway, outcome);
      if (outcome.fault === 'machine') break;
    }
    return this.#pickFailure(failures);
  }

  /** That of the first gateway of root's file: the order of attempts is by chance, but a reason is logged on a change. */
  #pickFailure(failures: ReadonlyMap<HostPort, AttemptFailure>): AttemptFailure {
    const first = this.#parts.instance.gateways.find((gateway) => failures.has(gateway));
    const failure = first && failures.get(first);
    return failure ?? new AttemptFailure('gateway', 'all gateways are left out after failures');
  }

  #noticeNetwork(): void {
    const { network, pauses, times } = this.#parts;
    if (!network.hasChanged()) return;
    pauses.forgiveAll();
    this.#retry = times.retry;
  }

  async #order({ last, isIll }: Former): Promise<HostPort[]> {
    const { instance, pauses, clocks, names, times, stopping } = this.#parts;
    const now = clocks.boot();
    const free = instance.gateways.filter((gateway) => !pauses.isPaused(formatHostPort(gateway), now));
    const former = free.find((gateway) => formatHostPort(gateway) === last);
    const order = orderByChance(free, former, Math.random);
    if (order.length < 2) return order;
    const asked = order.slice(0, instance.sample).filter((gateway) => !isIll || gateway !== former);
    const found = await sampleTimes(asked, { names, seconds: times.sample, stopping });
    const sorted = orderByTimes(order, found);
    return isIll ? [...sorted.filter((each) => each !== former), ...sorted.filter((each) => each === former)] : sorted;
  }

  async #try(gateway: HostPort): Promise<Tunnel | AttemptFailure> {
    const { attempts, status, stopping } = this.#parts;
    status.begin('seeking', { gateway: formatHostPort(gateway) });
    try {
      return await attempts.try(gateway);
    } catch (error) {
      if (stopping.aborted || !(error instanceof AttemptFailure)) throw error;
      this.#noteFailure(formatHostPort(gateway), error);
      return error;
    }
  }

  #noteFailure(on: string, failure: AttemptFailure): void {
    const { events, pauses, clocks, status } = this.#parts;
    const { fault, code, via, message: reason } = failure;
    const isItsOwn = fault !== 'network' && fault !== 'machine';
    const pause = isItsOwn ? pauses.fail(on, clocks.boot()) : undefined;
    // The reason of the wait says it; no other gateway is tried.
    if (fault !== 'machine') status.noteFailure(on, failure, pause);
    if (fault === 'unreadable') events.report('configuration refused', { on, reason });
    if (fault === 'gateway') events.report('gateway failed', { on, code, via, pause, reason });
  }

  /**
   * Waits until a gateway may be tried again, looking at the tunnel and the network as at rest. Resolves with the
   * tunnel if it has come back by itself: WireGuard never gives up.
   */
  async #wait(failure: AttemptFailure): Promise<Tunnel | undefined> {
    const { times, stopping } = this.#parts;
    let before = await lookOrSkip(this.#parts);
    for (;;) {
      const seconds = this.#findPause();
      if (this.#isAnyFree()) this.#retry = Math.min(2 * this.#retry, times.look);
      this.#tell(failure, seconds);
      await sleep(Math.min(seconds, times.look), stopping);
      const look = await lookOrSkip(this.#parts);
      const revived = look && before && isAlive(before, look) ? this.#describe(look) : undefined;
      if (revived !== undefined) return revived;
      before = look ?? before;
      this.#noticeNetwork();
      if (this.#isAnyFree()) return undefined;
    }
  }

  #describe(look: Look): Tunnel | undefined {
    const gateway = this.#parts.instance.gateways.find((each) => formatHostPort(each) === look.gateway);
    return gateway && look.via && { gateway, via: look.via, look };
  }

  /** Seconds until the next attempt: a gateway that has not failed itself is free. */
  #findPause(): number {
    const { instance, pauses, clocks } = this.#parts;
    const now = clocks.boot();
    const seconds = instance.gateways.map((gateway) => pauses.findSeconds(formatHostPort(gateway), now));
    return Math.min(...seconds.map((each) => (each === 0 ? this.#retry : each)));
  }

  #isAnyFree(): boolean {
    const { instance, pauses, clocks } = this.#parts;
    return instance.gateways.some((gateway) => !pauses.isPaused(formatHostPort(gateway), clocks.boot()));
  }

  #tell({ message: reason }: AttemptFailure, pause: number): void {
    const seconds = Math.ceil(pause);
    this.#parts.status.wait(reason, seconds);
    if (reason !== this.#told) this.#parts.events.report('no gateway', { seconds, reason });
    this.#told = reason;
  }
}
