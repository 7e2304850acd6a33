import type { DomainConfig } from '../../config/config.ts';
import { describeError } from '../../core/values/errors.ts';
import type { Attention } from '../../log/flood-guard.ts';
import type { DomainSession } from '../../system/domain/domain-session.ts';
import { ReplacedDirectoryError } from '../../system/files/runtime-directory.ts';
import { hasInterfaces } from '../../system/kernel/links.ts';
import { gather } from './gathering.ts';

/** What is done for the requests of a domain. */
interface Work<R> {
  /** Answers all of them. @throws Error if the domain cannot be read or written; then some may have no answer. */
  serve(batch: readonly R[]): Promise<void>;
  /** Answers a batch that could not be served. */
  fail(batch: readonly R[], error: unknown): void;
  /** Makes the kernel match what is known, after a change of the interfaces. */
  repair(): Promise<void>;
  /** Writes down what the next start needs. */
  leave(): Promise<void>;
}

/** What a queue belongs to. */
interface Owner {
  readonly domain: DomainConfig;
  readonly session: DomainSession;
  readonly log: Attention;
  /** Called when other processes no longer see what this one writes. */
  readonly onReplaced: (error: ReplacedDirectoryError) => void;
}

/** Failures outside a request. */
type Trouble = 'interface check failed' | 'live peers not written';

/** 256 keys fit into one call of `wg set`, which takes some 10 ms. */
const BATCH_REQUESTS = 256;
/** The least time between two checks of the interfaces; with the watch's own pause, a change is handled within 5 s. */
const LOOK_MILLISECONDS = 4500;
/** The longest pause between checks that keep failing. */
const LONGEST_PAUSE_MILLISECONDS = 60_000;

/**
 * The requests of one domain. Those that arrive while a batch is being served, and in a crowd those that follow them
 * closely, form the next batch.
 */
export class DomainQueue<R> {
  readonly #owner: Owner;
  readonly #work: Work<R>;
  #waiting: R[] = [];
  /** The latest batch had more than one request. */
  #isCrowded = false;
  #isLookDue = false;
  #lookedAtMilliseconds = Number.NEGATIVE_INFINITY;
  #failedLooks = 0;
  #lookTimer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #expiry: NodeJS.Timeout | undefined;

  constructor(owner: Owner, work: Work<R>) {
    this.#owner = owner;
    this.#work = work;
  }

  add(request: R): void {
    this.#waiting.push(request);
    this.#running ??= this.#run();
  }

  /** After a change of the interfaces. */
  lookAtInterfaces(): void {
    this.#lookLater(Math.max(0, this.#lookedAtMilliseconds + LOOK_MILLISECONDS - performance.now()));
  }

  /** Drops what waits, finishes the current work, and releases the lock. */
  async stop(): Promise<void> {
    this.#waiting = [];
    await this.#running;
    clearTimeout(this.#expiry);
    clearTimeout(this.#lookTimer);
    await this.#withInterfaces('live peers not written', () => this.#work.leave());
    this.#close();
  }

  async #run(): Promise<void> {
    clearTimeout(this.#expiry);
    // Requests that arrive together join the same batch.
    await new Promise(setImmediate);
    while (this.#isLookDue || this.#waiting.length > 0) {
      if (this.#isLookDue) await this.#look();
      else await this.#serveNext();
    }
    this.#running = undefined;
    const { session } = this.#owner;
    if (session.isFresh) this.#expiry = setTimeout(() => this.#expire(), session.restMilliseconds);
    else this.#close();
  }

  async #look(): Promise<void> {
    this.#isLookDue = false;
    this.#lookedAtMilliseconds = performance.now();
    this.#close();
    const isDone = await this.#withInterfaces('interface check failed', () => this.#work.repair());
    this.#close();
    this.#failedLooks = isDone ? 0 : this.#failedLooks + 1;
    if (!isDone) this.#lookLater(Math.min(LOOK_MILLISECONDS * this.#failedLooks, LONGEST_PAUSE_MILLISECONDS));
  }

  #lookLater(milliseconds: number): void {
    this.#lookTimer ??= setTimeout(() => {
      this.#lookTimer = undefined;
      this.#isLookDue = true;
      this.#running ??= this.#run();
    }, milliseconds);
  }

  /** Does nothing while an interface is missing: when it appears, it is a new one. Returns false on a failure. */
  async #withInterfaces(event: Trouble, action: () => Promise<unknown>): Promise<boolean> {
    const { domain, log } = this.#owner;
    if (!hasInterfaces(domain)) return true;
    try {
      await action();
      return true;
    } catch (error) {
      this.#noticeReplaced(error);
      log.report(event, { domain: domain.name, reason: describeError(error) });
      this.#close();
      return false;
    }
  }

  async #serveNext(): Promise<void> {
    if (this.#isCrowded) await gather(() => this.#waiting.length, BATCH_REQUESTS);
    const batch = this.#waiting.splice(0, BATCH_REQUESTS);
    this.#isCrowded = batch.length > 1;
    if (batch.length === 0) return;
    await this.#work.serve(batch).catch((error) => {
      this.#noticeReplaced(error);
      this.#close();
      this.#work.fail(batch, error);
    });
  }

  /** A running batch checks the age of its reading itself. */
  #expire(): void {
    if (this.#running === undefined) this.#close();
  }

  #close(): void {
    this.#owner.session.close();
  }

  #noticeReplaced(error: unknown): void {
    if (error instanceof ReplacedDirectoryError) this.#owner.onReplaced(error);
  }
}
