import { HELPER } from '../../../core/client/installation.ts';
import type { InstanceName } from '../../../core/client/instance.ts';
import type { ClientRequestType, ReplyOf } from '../../../core/client/messages.ts';
import { describeError } from '../../../core/values/errors.ts';
import type { Events } from '../../../log/events.ts';
import { AttemptFailure, NO_HELPER } from '../failure.ts';
import { HelperChild, type Question } from './child.ts';

/** What starts wgkex-tunnel: sudo permits it without arguments, and nothing else. */
export const HELPER_COMMAND: readonly string[] = ['sudo', '-n', HELPER];

const FIRST_PAUSE_MILLISECONDS = 100;
const LONGEST_PAUSE_MILLISECONDS = 60_000;

interface Around {
  readonly command: readonly string[];
  /** Also for the greeting. */
  readonly seconds: number;
  readonly events: Events;
}

/** Keeps wgkex-tunnel running: when it ends, starts it again after a growing pause. The tunnel stays meanwhile. */
export class Helper {
  readonly #name: InstanceName;
  readonly #around: Around;
  readonly #waiting = new Set<(child: HelperChild | undefined) => void>();
  #child: HelperChild | undefined;
  #isReady = false;
  #pause = FIRST_PAUSE_MILLISECONDS;
  #restart: NodeJS.Timeout | undefined;
  #isStopped = false;
  #told: string | undefined;

  constructor(name: InstanceName, around: Around) {
    this.#name = name;
    this.#around = around;
    this.#start();
  }

  /** Waits for a helper if there is none. @throws AttemptFailure if there is no reply */
  async ask<T extends ClientRequestType>(type: T, question: Question<T>): Promise<ReplyOf<T>> {
    const child = this.#isReady ? this.#child : await this.#waitForChild();
    const reply = await child?.ask(type, question);
    if (reply === undefined) throw new AttemptFailure('machine', NO_HELPER);
    return reply;
  }

  /** Resolves when the helper has answered what it was asked, and has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#restart);
    this.#settle(undefined);
    this.#child?.retire();
    await this.#child?.closed;
  }

  #start(): void {
    try {
      const child: HelperChild = new HelperChild(
        this.#around.command,
        this.#name,
        { onReady: () => this.#serve(), onEnd: (reason) => this.#end(child.hasServed, reason) },
        this.#around.seconds,
      );
      this.#child = child;
    } catch (error) {
      // Without a free descriptor not even a process that could fail was started.
      this.#end(false, describeError(error));
    }
  }

  #serve(): void {
    this.#isReady = true;
    this.#settle(this.#child);
  }

  #end(hasServed: boolean, reason: string): void {
    this.#isReady = false;
    if (this.#isStopped) return;
    if (hasServed) this.#pause = FIRST_PAUSE_MILLISECONDS;
    // The same once a minute for ever would say nothing new.
    const isNew = this.#pause < LONGEST_PAUSE_MILLISECONDS || reason !== this.#told;
    if (isNew) this.#around.events.report('tunnel helper ended', { restart_ms: this.#pause, reason });
    this.#told = reason;
    this.#restart = setTimeout(() => this.#start(), this.#pause);
    this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE_MILLISECONDS);
  }

  #waitForChild(): Promise<HelperChild | undefined> {
    if (this.#isStopped) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const settle = (child: HelperChild | undefined) => {
        clearTimeout(timer);
        this.#waiting.delete(settle);
        resolve(child);
      };
      const timer = setTimeout(() => settle(undefined), this.#around.seconds * 1000);
      this.#waiting.add(settle);
    });
  }

  #settle(child: HelperChild | undefined): void {
    for (const settle of [...this.#waiting]) settle(child);
  }
}
