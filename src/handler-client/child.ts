import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { EXIT_RESTART } from '../command-line.ts';
import type { Exchange, ReplyCode } from '../core/exchange/exchange.ts';
import { MessageLines } from '../core/privsep/message-lines.ts';
import {
  type BatchNote,
  type DomainNumbers,
  formatMessage,
  type Greeting,
  type HandlerMessage,
  MESSAGE_BYTES,
  parseHandlerMessage,
  type Reply,
} from '../core/privsep/messages.ts';
import { InputError } from '../core/values/errors.ts';
import type { DomainName } from '../core/values/names.ts';
import { Deadline } from './deadline.ts';
import { OwedNumbers } from './owed-numbers.ts';

interface HandlerEvents {
  /** It greeted: requests may go to it. */
  onReady(): void;
  /** It will take no request any more; may come before the replies that it still owes. */
  onEnd(reason: string): void;
  /** It ended because the whole service has to start again. */
  onRestartNeeded(): void;
  /** It serves so many exchanges of a domain together; told only by one that was configured for metrics. */
  onBatch(domain: DomainName, exchanges: number): void;
}

interface Unanswered {
  readonly answer: (reply: ReplyCode) => void;
  readonly dueMilliseconds: number;
}

/** How long a handler may take. */
interface HandlerLimits {
  /** sudo and Node take their time on a machine that is overloaded: to end them too early would only add to it. */
  readonly greetingMilliseconds: number;
  /** For each reply. */
  readonly replyMilliseconds: number;
}

const LIMITS: HandlerLimits = { greetingMilliseconds: 30_000, replyMilliseconds: 10_000 };
/** How long one that was told to end may take before it is given up. */
const RETIRE_MILLISECONDS = 5000;

/** sudo is looked for in here; the handler gets none of it. */
const PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * One life of the root handler, seen from the unprivileged side: requests go down its standard input, replies come up
 * its standard output. Whatever it says is checked; one that answers nonsense, too much, or too late is ended.
 */
export class HandlerChild {
  readonly #child: ChildProcess & { stdin: Writable; stdout: Readable };
  readonly #events: HandlerEvents;
  readonly #limits: HandlerLimits;
  readonly #lines = new MessageLines(MESSAGE_BYTES);
  readonly #unanswered = new Map<number, Unanswered>();
  readonly #numbers = new OwedNumbers();
  readonly closed: Promise<void>;
  #lastId = 0;
  #hasGreeted = false;
  #hasMetrics = false;
  #hasEnded = false;
  #deadline: Deadline;
  /** True once it has answered a request: it can do its work. */
  hasServed = false;

  constructor([program = '', ...args]: readonly string[], events: HandlerEvents, limits: HandlerLimits = LIMITS) {
    this.#events = events;
    this.#limits = limits;
    const { JOURNAL_STREAM } = process.env;
    const env = { PATH, ...(JOURNAL_STREAM === undefined ? {} : { JOURNAL_STREAM }) };
    this.#child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'], env, cwd: '/' });
    // Node gives a child no pipes where there is no free descriptor, and says so with an event.
    if (!this.#child.stdout) {
      this.#child.on('error', () => {});
      throw new Error(`Cannot start ${program}: no pipe to it can be made`);
    }
    this.closed = new Promise((resolve) => this.#child.on('close', () => resolve(this.#failUnanswered())));
    this.#child.on('error', (error) => this.#end(error.message));
    this.#child.on('exit', (status, signal) => {
      this.#end(signal === null ? `exit status ${status}` : `ended by ${signal}`);
      if (status === EXIT_RESTART) this.#events.onRestartNeeded();
    });
    this.#child.stdout.on('data', (chunk: Buffer) => this.#read(chunk));
    // A broken pipe is followed by the exit, which says more.
    this.#child.stdin.on('error', () => {});
    const { greetingMilliseconds } = limits;
    this.#deadline = new Deadline(greetingMilliseconds, () =>
      this.#abandon(`no greeting within ${greetingMilliseconds / 1000} s`),
    );
  }

  /** Resolves with `FAILED` where the handler ends without an answer; never rejects. */
  ask({ domain, key, from, look }: Exchange): Promise<ReplyCode> {
    if (this.#hasEnded) return Promise.resolve('FAILED');
    const id = ++this.#lastId;
    const dueMilliseconds = performance.now() + this.#limits.replyMilliseconds;
    return new Promise((answer) => {
      this.#unanswered.set(id, { answer, dueMilliseconds });
      if (this.#unanswered.size === 1) this.#watch();
      this.#child.stdin.write(formatMessage({ id, domain, key, from, ...(look && { look }) }));
    });
  }

  /** Resolves with null where it cannot tell, which may be at its end; never rejects. */
  findNumbers(domain: DomainName): Promise<DomainNumbers | null> {
    const owed = this.#numbers.find(domain);
    if (owed !== undefined) return owed;
    if (this.#hasEnded || !this.#hasMetrics) return Promise.resolve(null);
    const id = ++this.#lastId;
    this.#child.stdin.write(formatMessage({ id, numbers: domain }));
    return this.#numbers.owe(domain, id);
  }

  /** Lets it answer what it was asked, and end. */
  retire(): void {
    this.#hasEnded = true;
    this.#child.stdin.end();
    setTimeout(() => this.#abandon('told to end'), RETIRE_MILLISECONDS).unref();
  }

  #read(chunk: Buffer): void {
    try {
      for (const line of this.#lines.push(chunk)) this.#take(parseHandlerMessage(line));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      this.#abandon(error.message);
    }
  }

  #take(message: HandlerMessage): void {
    if ('ready' in message) this.#greet(message);
    else if ('reply' in message) this.#takeReply(message);
    else if ('numbers' in message) this.#numbers.take(message);
    else this.#takeBatch(message);
  }

  #greet({ metrics }: Greeting): void {
    if (this.#hasGreeted) throw new InputError('Cannot read reply: a second greeting');
    this.#hasGreeted = true;
    this.#hasMetrics = metrics === true;
    this.#watch();
    this.#events.onReady();
  }

  #takeReply(message: Reply): void {
    const unanswered = this.#unanswered.get(message.id);
    if (unanswered === undefined) throw new InputError('Cannot read reply: nobody asked for it');
    this.#unanswered.delete(message.id);
    this.hasServed = true;
    unanswered.answer(message.reply);
    this.#watch();
  }

  #takeBatch({ batch, exchanges }: BatchNote): void {
    if (!this.#hasMetrics) throw new InputError('Cannot read reply: a batch without metrics');
    this.#events.onBatch(batch, exchanges);
  }

  /** Requests come in the order of their due times; the first one is the next to be late. */
  #watch(): void {
    this.#deadline.cancel();
    const [first] = this.#unanswered.values();
    if (first === undefined) return;
    const wait = first.dueMilliseconds - performance.now();
    const seconds = this.#limits.replyMilliseconds / 1000;
    this.#deadline = new Deadline(wait, () => this.#abandon(`no reply within ${seconds} s`));
  }

  /** What runs as root behind sudo cannot be killed from here, but it ends when its input does. */
  #abandon(reason: string): void {
    this.#end(reason);
    this.#child.stdin.destroy();
    this.#child.stdout.destroy();
    this.#child.kill('SIGKILL');
    this.#failUnanswered();
  }

  #end(reason: string): void {
    this.#deadline.cancel();
    if (this.#hasEnded) return;
    this.retire();
    this.#events.onEnd(reason);
  }

  #failUnanswered(): void {
    for (const { answer } of this.#unanswered.values()) answer('FAILED');
    this.#unanswered.clear();
    this.#numbers.giveUp();
  }
}
