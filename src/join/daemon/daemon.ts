import { FRESH_SECONDS } from '../../core/client/health.ts';
import type { Instance } from '../../core/client/instance.ts';
import { Pauses } from '../../core/client/pauses.ts';
import { describeError } from '../../core/values/errors.ts';
import { formatHostPort, type HostPort } from '../../core/values/host-port.ts';
import { Attention } from '../../log/flood-guard.ts';
import type { Log } from '../../log/log.ts';
import { Attempts, type Tunnel } from './attempt.ts';
import { AttemptFailure } from './failure.ts';
import { Names } from './gateway/names.ts';
import { HELPER_COMMAND, Helper } from './helper/helper.ts';
import { NetworkWatch } from './network-watch.ts';
import { CLOCKS, type DaemonOptions, describeNetwork, TIMES } from './options.ts';
import { type Former, lookOrSkip, type Parts } from './parts.ts';
import { Relay } from './relay.ts';
import { Seeker } from './seek.ts';
import { deriveDirectory } from './state-file.ts';
import { Status } from './status.ts';
import { abandonable } from './time-limit.ts';
import { Watcher } from './watch.ts';

/** Keeps one tunnel up until it is stopped. */
export class Daemon {
  readonly #log: Log;
  readonly #attention: Attention;
  readonly #helper: Helper;
  readonly #relay: Relay;
  readonly #parts: Parts;
  readonly #stop = new AbortController();
  /** Aborted when a stop takes too long. */
  readonly #late = new AbortController();
  /** What was logged last of the files of this program. */
  #problem: string | undefined;

  constructor(instance: Instance, options: DaemonOptions, log: Log) {
    const { clocks = CLOCKS, helper: command = HELPER_COMMAND } = options;
    const times = { ...TIMES, ...options.times };
    const directory = deriveDirectory(instance.name, options.runtimeDirectory);
    const stopping = this.#stop.signal;
    const problem = (reason: string) => this.#tell(reason);
    this.#log = log;
    this.#attention = new Attention(log);
    this.#helper = new Helper(instance.name, { command, seconds: times.helper, events: log });
    const names = new Names(directory, times, problem);
    this.#relay = new Relay({ log, attention: this.#attention, lookup: names.lookup });
    const attempts = new Attempts(instance, { helper: this.#helper, names, relay: this.#relay, times, stopping });
    const status = new Status({ directory, clocks, problem });
    const network = new NetworkWatch(options.describeNetwork ?? describeNetwork);
    const common = { instance, attempts, names, network, status, times, clocks, stopping };
    this.#parts = { ...common, pauses: new Pauses(), events: log };
  }

  /**
   * Resolves when it was stopped, and the tunnel is down or wgkex-tunnel hangs. Then wgkex-join ends as after any stop,
   * so that `ExecStopPost=` of the unit takes the tunnel down.
   */
  async run(): Promise<void> {
    try {
      await abandonable(this.#serve(), this.#late.signal);
    } catch (error) {
      if (!this.#late.signal.aborted) throw error;
      this.#tell(describeError(error));
    }
    this.#parts.status.begin('stopped');
    this.#attention.flush();
  }

  stop(): void {
    const { stop } = this.#parts.times;
    this.#stop.abort(new Error('the service is being stopped'));
    const late = new Error(`wgkex-tunnel has not taken the tunnel down and ended within ${stop} s`);
    setTimeout(() => this.#late.abort(late), stop * 1000).unref();
  }

  async #serve(): Promise<void> {
    try {
      await this.#keepUp();
    } catch (error) {
      if (!this.#stop.signal.aborted) throw error;
    }
    await this.#takeDown();
  }

  async #keepUp(): Promise<never> {
    const [seeker, watcher] = [new Seeker(this.#parts), new Watcher(this.#parts)];
    let next = await this.#begin();
    let word: 'tunnel adopted' | 'tunnel up' = 'look' in next ? 'tunnel adopted' : 'tunnel up';
    for (;;) {
      const tunnel: Tunnel = 'look' in next ? next : await seeker.seek(next);
      this.#announce(tunnel, word);
      word = 'tunnel up';
      next = await watcher.watch(tunnel);
    }
  }

  /**
   * A tunnel that works stays: a restart of this program costs nobody theirs. One by UDP needs no exchange; the relay
   * ended with the program before.
   */
  async #begin(): Promise<Tunnel | Former> {
    const { instance, clocks, status } = this.#parts;
    status.begin('starting');
    const look = await lookOrSkip(this.#parts);
    const former = { last: look?.gateway, isIll: false };
    const gateway = instance.gateways.find((each) => formatHostPort(each) === look?.gateway);
    const age = clocks.unix() - (look?.handshake ?? 0);
    if (look?.isUp !== true || gateway === undefined || age < 0 || age >= FRESH_SECONDS) return former;
    if (look.via === 'tcp' && instance.overTcp !== 'never') return this.#reopen(gateway, former);
    return look.via === 'udp' && instance.overTcp !== 'always' ? { gateway, via: 'udp', look } : former;
  }

  async #reopen(gateway: HostPort, former: Former): Promise<Tunnel | Former> {
    try {
      return await this.#parts.attempts.bring(gateway, 'tcp');
    } catch (error) {
      if (this.#stop.signal.aborted || !(error instanceof AttemptFailure)) throw error;
      return former;
    }
  }

  #announce({ gateway, via, look }: Tunnel, word: 'tunnel adopted' | 'tunnel up'): void {
    const { status } = this.#parts;
    const on = formatHostPort(gateway);
    status.forget(on);
    status.begin('up', { gateway: on, via });
    status.noteLook(look);
    const address = look.addresses.join(' ');
    this.#log.report(word, word === 'tunnel up' ? { on, via, address } : { on });
  }

  async #takeDown(): Promise<void> {
    try {
      const reply = await this.#helper.ask('down', {});
      if ('refused' in reply) this.#tell(reply.refused);
      else this.#log.report('tunnel down', { reason: 'the service was stopped' });
    } catch (error) {
      this.#tell(describeError(error));
    }
    await this.#relay.close();
    await this.#helper.stop();
  }

  #tell(reason: string): void {
    if (reason !== this.#problem) this.#log.report('join problem', { reason });
    this.#problem = reason;
  }
}
