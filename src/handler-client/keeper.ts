import type { Exchange, ReplyCode } from '../core/exchange/exchange.ts';
import type { GatewayInterface } from '../core/exchange/gateway.ts';
import type { DomainNumbers, Granted, LeaseExchange } from '../core/privsep/requests.ts';
import { describeError } from '../core/values/errors.ts';
import type { DomainName } from '../core/values/names.ts';
import type { Log } from '../log/log.ts';
import { HandlerChild } from './child.ts';
import { Deadline } from './deadline.ts';

const FIRST_PAUSE_MILLISECONDS = 100;
const LONGEST_PAUSE_MILLISECONDS = 10_000;
/** How long a request waits for a handler: on a busy machine, a restart of the service takes some seconds. */
const WAIT_MILLISECONDS = 10_000;

/** Counts what happens to the handlers. */
export interface HandlerMeter {
  handlerRestarted(): void;
  batchServed(domain: DomainName, exchanges: number): void;
}

/**
 * Keeps one handler running: when it ends, starts it again after a growing pause. A handler for a new configuration
 * takes over when it is ready; until then, or if it never is, the old one continues.
 */
export class HandlerKeeper {
  /** Undefined where nothing needs a handler. */
  #command: readonly string[] | undefined;
  readonly #log: Log;
  readonly #meter: HandlerMeter;
  readonly #waitMilliseconds: number;
  readonly #children = new Set<HandlerChild>();
  readonly #waiting = new Set<(child: HandlerChild | undefined) => void>();
  #serving: HandlerChild | undefined;
  #starting: HandlerChild | undefined;
  #restart: NodeJS.Timeout | undefined;
  #onStarted: (isServing: boolean) => void = () => {};
  #onDecided: () => void = () => {};
  /** Resolves when the first handler serves, or has failed: its greeting comes within 30 s or not at all. */
  readonly isDecided = new Promise<void>((resolve) => {
    this.#onDecided = resolve;
  });
  readonly #onRestartNeeded: () => void;
  #pause = FIRST_PAUSE_MILLISECONDS;

  /** `onRestartNeeded`: a handler ended because the whole service has to restart. */
  constructor(
    command: readonly string[] | undefined,
    log: Log,
    meter: HandlerMeter,
    onRestartNeeded: () => void,
    waitMilliseconds = WAIT_MILLISECONDS,
  ) {
    this.#command = command;
    this.#log = log;
    this.#meter = meter;
    this.#onRestartNeeded = onRestartNeeded;
    this.#waitMilliseconds = waitMilliseconds;
    if (command === undefined) this.#onDecided();
    else this.#start(command);
  }

  /** Waits up to 10 s for a handler. `FAILED` if none is ready by then or it ends without an answer. Never rejects. */
  async ask(exchange: Exchange): Promise<ReplyCode> {
    return (await this.#findChild())?.ask(exchange) ?? 'FAILED';
  }

  /** The same for a member. */
  async askLease(exchange: LeaseExchange): Promise<Granted> {
    return (await this.#findChild())?.askLease(exchange) ?? { code: 'FAILED' };
  }

  /** Whether requests are served at once. */
  get isServing(): boolean {
    return this.#serving !== undefined;
  }

  /** The numbers of a domain from the serving handler; null if it has none to give. Never rejects. */
  findNumbers(domain: DomainName): Promise<DomainNumbers | null> {
    return this.#serving?.findNumbers(domain) ?? Promise.resolve(null);
  }

  /** What the serving handler knows about a domain's interface; undefined if it cannot say. Never rejects. */
  findGateway(domain: DomainName): Promise<GatewayInterface | undefined> {
    return this.#serving?.findGateway(domain) ?? Promise.resolve(undefined);
  }

  /** Starts a new handler, which reads the configuration again; resolves with false if the old one continues. */
  reload(command: readonly string[] | undefined): Promise<boolean> {
    this.#command = command;
    this.#pause = FIRST_PAUSE_MILLISECONDS;
    this.#starting?.retire();
    this.#onStarted(false);
    if (command === undefined) return this.#doWithout();
    return new Promise((resolve) => {
      this.#onStarted = resolve;
      this.#start(command);
    });
  }

  /** Resolves when every handler has answered its pending requests and ended. */
  async stop(): Promise<void> {
    clearTimeout(this.#restart);
    for (const child of this.#children) child.retire();
    await Promise.all([...this.#children].map((child) => child.closed));
  }

  async #doWithout(): Promise<boolean> {
    clearTimeout(this.#restart);
    this.#starting = undefined;
    this.#serving?.retire();
    this.#serving = undefined;
    return true;
  }

  #start(command: readonly string[]): void {
    clearTimeout(this.#restart);
    try {
      const child: HandlerChild = new HandlerChild(command, {
        onReady: () => this.#serveWith(child),
        onEnd: (reason) => this.#replace(child, reason),
        onRestartNeeded: this.#onRestartNeeded,
        onBatch: (domain, exchanges) => this.#meter.batchServed(domain, exchanges),
      });
      this.#starting = child;
      this.#children.add(child);
      void child.closed.then(() => this.#children.delete(child));
    } catch (error) {
      // Without a free descriptor not even a process that could fail was started.
      this.#restartLater(describeError(error));
    }
  }

  #serveWith(child: HandlerChild): void {
    if (child !== this.#starting) return;
    this.#starting = undefined;
    this.#serving?.retire();
    this.#serving = child;
    this.#log.report('handler is ready', {});
    this.#onStarted(true);
    this.#onDecided();
    for (const resolve of this.#waiting) resolve(child);
    this.#waiting.clear();
  }

  #replace(child: HandlerChild, reason: string): void {
    if (this.#command === undefined) return;
    if (child.hasServed) this.#pause = FIRST_PAUSE_MILLISECONDS;
    if (child === this.#starting) this.#starting = undefined;
    if (child === this.#serving) this.#serving = undefined;
    if (this.#starting === undefined) this.#onStarted(false);
    if (this.#serving !== undefined)
      this.#log.report('kept the old handler', { reason: `the new one ended: ${reason}` });
    else if (this.#starting === undefined) this.#restartLater(reason);
  }

  #restartLater(reason: string): void {
    const command = this.#command;
    if (command === undefined) return;
    this.#onDecided();
    this.#log.report('handler ended', { restart_ms: this.#pause, reason });
    this.#meter.handlerRestarted();
    this.#restart = setTimeout(() => this.#start(command), this.#pause);
    this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE_MILLISECONDS);
  }

  async #findChild(): Promise<HandlerChild | undefined> {
    return this.#serving ?? (this.#command && (await this.#waitForChild()));
  }

  #waitForChild(): Promise<HandlerChild | undefined> {
    return new Promise((resolve) => {
      const settle = (child: HandlerChild | undefined) => {
        deadline.cancel();
        this.#waiting.delete(settle);
        resolve(child);
      };
      const deadline = new Deadline(this.#waitMilliseconds, () => settle(undefined));
      this.#waiting.add(settle);
    });
  }
}
