import type { Exchange, ReplyCode } from '../core/exchange/exchange.ts';
import type { DomainNumbers } from '../core/privsep/requests.ts';
import { describeError } from '../core/values/errors.ts';
import type { DomainName } from '../core/values/names.ts';
import type { Log } from '../log/log.ts';
import { HandlerChild } from './child.ts';
import { Deadline } from './deadline.ts';

const FIRST_PAUSE_MILLISECONDS = 100;
const LONGEST_PAUSE_MILLISECONDS = 10_000;
/** How long a request waits for a handler to be there: a restart of a busy machine's service takes some seconds. */
const WAIT_MILLISECONDS = 10_000;

/** What happens to the handlers, for whoever counts it. */
export interface HandlerMeter {
  handlerRestarted(): void;
  batchServed(domain: DomainName, exchanges: number): void;
}

/**
 * Keeps one handler running: starts it again, with a growing pause, when it ends. A handler for a new configuration
 * takes over when it is ready; until then, and where it never is, the old one goes on.
 */
export class HandlerKeeper {
  #command: readonly string[];
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

  /** `onRestartNeeded`: a handler ended because the whole service has to start again. */
  constructor(
    command: readonly string[],
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
    this.#start();
  }

  /** Waits up to 10 s for a handler; `FAILED` where none comes, or where it ends without an answer. Never rejects. */
  async ask(exchange: Exchange): Promise<ReplyCode> {
    const child = this.#serving ?? (await this.#waitForChild());
    return child === undefined ? 'FAILED' : child.ask(exchange);
  }

  /** Whether requests are served at once. */
  get isServing(): boolean {
    return this.#serving !== undefined;
  }

  /** What the handler that serves knows of a domain; null where it cannot tell. Never rejects. */
  findNumbers(domain: DomainName): Promise<DomainNumbers | null> {
    return this.#serving?.findNumbers(domain) ?? Promise.resolve(null);
  }

  /** Has a new handler read the configuration anew; resolves with false where the old one goes on. */
  reload(command: readonly string[]): Promise<boolean> {
    this.#command = command;
    this.#pause = FIRST_PAUSE_MILLISECONDS;
    this.#starting?.retire();
    this.#onStarted(false);
    return new Promise((resolve) => {
      this.#onStarted = resolve;
      this.#start();
    });
  }

  /** Resolves when every handler has answered what it was asked, and ended. */
  async stop(): Promise<void> {
    clearTimeout(this.#restart);
    for (const child of this.#children) child.retire();
    await Promise.all([...this.#children].map((child) => child.closed));
  }

  #start(): void {
    clearTimeout(this.#restart);
    try {
      const child: HandlerChild = new HandlerChild(this.#command, {
        onReady: () => this.#serveWith(child),
        onEnd: (reason) => this.#replace(child, reason),
        onRestartNeeded: this.#onRestartNeeded,
        onBatch: (domain, exchanges) => this.#meter.batchServed(domain, exchanges),
      });
      this.#starting = child;
      this.#children.add(child);
      void child.closed.then(() => this.#children.delete(child));
    } catch (error) {
      // Without a free descriptor there is not even a process that could fail.
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
    if (child.hasServed) this.#pause = FIRST_PAUSE_MILLISECONDS;
    if (child === this.#starting) this.#starting = undefined;
    if (child === this.#serving) this.#serving = undefined;
    if (this.#starting === undefined) this.#onStarted(false);
    if (this.#serving !== undefined)
      this.#log.report('kept the old handler', { reason: `the new one ended: ${reason}` });
    else if (this.#starting === undefined) this.#restartLater(reason);
  }

  #restartLater(reason: string): void {
    this.#onDecided();
    this.#log.report('handler ended', { restart_ms: this.#pause, reason });
    this.#meter.handlerRestarted();
    this.#restart = setTimeout(() => this.#start(), this.#pause);
    this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE_MILLISECONDS);
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
