import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { EXIT_RESTART } from '../command-line.ts';
import type { Exchange, ReplyCode } from '../core/exchange/exchange.ts';
import type { GatewayInterface } from '../core/exchange/gateway.ts';
import { MessageLines } from '../core/privsep/message-lines.ts';
import {
  type Answer,
  type BatchNote,
  type DomainNumbers,
  formatMessage,
  type Granted,
  type Greeting,
  type HandlerMessage,
  type LeaseExchange,
  parseHandlerMessage,
  type Question,
  REPLY_BYTES,
  type Reply,
  type Request,
  type RequestType,
} from '../core/privsep/requests.ts';
import { InputError } from '../core/values/errors.ts';
import type { DomainName } from '../core/values/names.ts';
import { Deadline } from './deadline.ts';

interface HandlerEvents {
  /** It has greeted, and takes requests. */
  onReady(): void;
  /** It takes no more requests; may be called before the replies that it still owes. */
  onEnd(reason: string): void;
  /** It ended because the whole service has to restart. */
  onRestartNeeded(): void;
  /** It serves this number of exchanges of a domain in one batch; called only if metrics are configured. */
  onBatch(domain: DomainName, exchanges: number): void;
}

interface Pending {
  readonly type: RequestType;
  /** Undefined if no router waits for the reply. */
  readonly dueMilliseconds: number | undefined;
  /** Called with undefined if the handler ends without an answer. */
  settle(reply: Reply | undefined): void;
}

/** A handler that does not answer these requests in time is ended. */
const DUE: readonly RequestType[] = ['exchange', 'lease', 'gateway'];

/** How long a handler may take. */
interface HandlerLimits {
  /** sudo and Node start slowly on an overloaded machine: ending them too early would only add to the load. */
  readonly greetingMilliseconds: number;
  /** For each reply to a request of the types in {@link DUE}. */
  readonly replyMilliseconds: number;
}

const LIMITS: HandlerLimits = { greetingMilliseconds: 30_000, replyMilliseconds: 10_000 };
/** How long a retired handler may take to end before it is abandoned. */
const RETIRE_MILLISECONDS = 5000;

/** sudo is looked up in this path; the handler does not get it. */
const PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * One process of the root handler, seen from the unprivileged side: requests go to its standard input, replies come
 * from its standard output. All output is checked; a handler that answers nonsense, too much, or too late is ended.
 */
export class HandlerChild {
  readonly #child: ChildProcess & { stdin: Writable; stdout: Readable };
  readonly #events: HandlerEvents;
  readonly #limits: HandlerLimits;
  readonly #lines = new MessageLines(REPLY_BYTES);
  readonly #pending = new Map<number, Pending>();
  /** Numbers that have been asked for and not answered yet; callers for the same domain share them. */
  readonly #numbers = new Map<DomainName, Promise<DomainNumbers | null>>();
  readonly closed: Promise<void>;
  #lastId = 0;
  #hasGreeted = false;
  #answers: readonly RequestType[] = [];
  #hasEnded = false;
  #deadline: Deadline;
  /** True once it has answered a request, which proves that it works. */
  hasServed = false;

  constructor([program = '', ...args]: readonly string[], events: HandlerEvents, limits: HandlerLimits = LIMITS) {
    this.#events = events;
    this.#limits = limits;
    const { JOURNAL_STREAM } = process.env;
    const env = { PATH, ...(JOURNAL_STREAM === undefined ? {} : { JOURNAL_STREAM }) };
    this.#child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'], env, cwd: '/' });
    // Without a free descriptor Node creates no pipes, and emits an error.
    if (!this.#child.stdout) {
      this.#child.on('error', () => {});
      throw new Error(`Cannot start ${program}: cannot create a pipe to it`);
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

  /** Resolves with `FAILED` if the handler ends without an answer; never rejects. */
  async ask(exchange: Exchange): Promise<ReplyCode> {
    const answer = await this.#ask('exchange', exchange);
    return answer?.code ?? 'FAILED';
  }

  /** The same for a member, with what it gets besides `OK`. */
  async askLease(exchange: LeaseExchange): Promise<Granted> {
    return (await this.#ask('lease', exchange)) ?? { code: 'FAILED' };
  }

  /** Resolves with null if the handler has no numbers to give, or ends first; never rejects. */
  findNumbers(domain: DomainName): Promise<DomainNumbers | null> {
    const asked = this.#numbers.get(domain);
    if (asked !== undefined) return asked;
    const numbers = this.#ask('numbers', { domain }).then((answer) => {
      this.#numbers.delete(domain);
      return answer?.numbers ?? null;
    });
    this.#numbers.set(domain, numbers);
    return numbers;
  }

  /** Resolves with undefined if the handler cannot say, or ends first; never rejects. */
  async findGateway(domain: DomainName): Promise<GatewayInterface | undefined> {
    const answer = await this.#ask('gateway', { domain });
    return answer?.gateway ?? undefined;
  }

  /** Lets it answer its pending requests, and end. */
  retire(): void {
    this.#hasEnded = true;
    this.#child.stdin.end();
    setTimeout(() => this.#abandon('retired'), RETIRE_MILLISECONDS).unref();
  }

  #read(chunk: Buffer): void {
    try {
      for (const line of this.#lines.push(chunk)) this.#take(parseHandlerMessage(line));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      this.#abandon(error.message);
    }
  }

  /** Resolves with undefined if the handler ends without an answer, or does not take such requests; never rejects. */
  #ask<T extends RequestType>(type: T, question: Question<T>): Promise<Answer<T> | undefined> {
    if (this.#hasEnded || !this.#answers.includes(type)) return Promise.resolve(undefined);
    const id = ++this.#lastId;
    const dueMilliseconds = DUE.includes(type) ? performance.now() + this.#limits.replyMilliseconds : undefined;
    return new Promise((resolve) => {
      // A reply has the type of its request.
      this.#pending.set(id, { type, dueMilliseconds, settle: (reply) => resolve(reply as Answer<T> | undefined) });
      if (dueMilliseconds !== undefined && this.#findDue() === dueMilliseconds) this.#watch();
      this.#child.stdin.write(formatMessage({ type, id, ...question } as unknown as Request));
    });
  }

  #take(message: HandlerMessage): void {
    if (message.type === 'ready') this.#greet(message);
    else if (message.type === 'batch') this.#takeBatch(message);
    else this.#takeReply(message);
  }

  #greet({ answers }: Greeting): void {
    if (this.#hasGreeted) throw new InputError('Cannot read reply: a second greeting');
    this.#hasGreeted = true;
    this.#answers = answers;
    this.#watch();
    this.#events.onReady();
  }

  #takeReply(reply: Reply): void {
    const pending = this.#pending.get(reply.id);
    if (pending?.type !== reply.type) throw new InputError('Cannot read reply: no such request is pending');
    this.#pending.delete(reply.id);
    if (reply.type === 'exchange' || reply.type === 'lease') this.hasServed = true;
    pending.settle(reply);
    this.#watch();
  }

  #takeBatch({ domain, exchanges }: BatchNote): void {
    if (!this.#answers.includes('numbers')) throw new InputError('Cannot read reply: a batch without metrics');
    this.#events.onBatch(domain, exchanges);
  }

  /** Pending requests are in the order of their due times, so the first one is due next. */
  #watch(): void {
    this.#deadline.cancel();
    const due = this.#findDue();
    if (due === undefined) return;
    const seconds = this.#limits.replyMilliseconds / 1000;
    this.#deadline = new Deadline(due - performance.now(), () => this.#abandon(`no reply within ${seconds} s`));
  }

  #findDue(): number | undefined {
    for (const { dueMilliseconds } of this.#pending.values()) if (dueMilliseconds !== undefined) return dueMilliseconds;
    return undefined;
  }

  /** A process that runs as root behind sudo cannot be killed from here, but it ends when its input does. */
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
    for (const { settle } of this.#pending.values()) settle(undefined);
    this.#pending.clear();
  }
}
