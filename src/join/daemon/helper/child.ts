import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { InstanceName } from '../../../core/client/instance.ts';
import {
  type ClientReply,
  type ClientRequestType,
  formatClientMessage,
  parseClientReply,
  type ReplyOf,
  type RequestOf,
  UP_BYTES,
} from '../../../core/client/messages.ts';
import { MessageLines } from '../../../core/privsep/message-lines.ts';
import { InputError } from '../../../core/values/errors.ts';
import { Deadline } from '../../../handler-client/deadline.ts';

/** What a request says besides its type and id. */
export type Question<T extends ClientRequestType> = Omit<RequestOf<T>, 'type' | 'id'>;

interface HelperEvents {
  onReady(): void;
  /** It takes no more requests; called once. */
  onEnd(reason: string): void;
}

interface Pending {
  readonly type: ClientRequestType;
  readonly id: number;
  /** Called with undefined if the helper ends without a reply. */
  settle(reply: ClientReply | undefined): void;
}

/** sudo is looked up in this path; the helper does not get it. */
const PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * One process of wgkex-tunnel, seen from the unprivileged side: requests go to its standard input, replies come from
 * its standard output in the same order. A helper that answers nonsense, too much or too late is abandoned.
 */
export class HelperChild {
  readonly #child: ChildProcess & { stdin: Writable; stdout: Readable };
  readonly #events: HelperEvents;
  readonly #seconds: number;
  readonly #lines = new MessageLines(UP_BYTES);
  readonly #pending: Pending[] = [];
  readonly closed: Promise<void>;
  #deadline: Deadline;
  #lastId = 0;
  #hasGreeted = false;
  #hasEnded = false;
  /** True once it has answered a request, which proves that it works. */
  hasServed = false;

  constructor([program = '', ...args]: readonly string[], name: InstanceName, events: HelperEvents, seconds: number) {
    this.#events = events;
    this.#seconds = seconds;
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
    this.#child.on('exit', (status, signal) =>
      this.#end(signal === null ? `exit status ${status}` : `ended by ${signal}`),
    );
    this.#child.stdout.on('data', (chunk: Buffer) => this.#read(chunk));
    // A broken pipe is followed by the exit, which says more.
    this.#child.stdin.on('error', () => {});
    this.#deadline = new Deadline(seconds * 1000, () => this.#abandon(`no greeting within ${seconds} s`));
    this.#child.stdin.write(formatClientMessage({ type: 'begin', name }));
  }

  /** Resolves with undefined if the helper ends without a reply; never rejects. */
  ask<T extends ClientRequestType>(type: T, question: Question<T>): Promise<ReplyOf<T> | undefined> {
    if (this.#hasEnded) return Promise.resolve(undefined);
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      // A reply has the type of its request.
      this.#pending.push({ type, id, settle: (reply) => resolve(reply as ReplyOf<T> | undefined) });
      if (this.#pending.length === 1) this.#watch();
      this.#child.stdin.write(formatClientMessage({ type, id, ...question }));
    });
  }

  /** Lets it answer what it was asked, and end. It is abandoned if that takes too long. */
  retire(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#child.stdin.end();
    if (this.#pending.length === 0) this.#limit('it does not end');
  }

  #read(chunk: Buffer): void {
    try {
      for (const line of this.#lines.push(chunk)) this.#take(parseClientReply(line));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      this.#abandon(error.message);
    }
  }

  #take(reply: ReturnType<typeof parseClientReply>): void {
    if (reply.type === 'ready') this.#greet();
    else this.#takeReply(reply);
  }

  #takeReply(reply: ClientReply): void {
    const [next] = this.#pending;
    if (!this.#hasGreeted || next?.id !== reply.id || next.type !== reply.type)
      throw new InputError('Cannot read reply: no such request is pending');
    this.#pending.shift();
    this.hasServed = true;
    this.#watch();
    next.settle(reply);
  }

  #greet(): void {
    if (this.#hasGreeted) throw new InputError('Cannot read reply: a second greeting');
    this.#hasGreeted = true;
    this.#watch();
    if (!this.#hasEnded) this.#events.onReady();
  }

  /** At rest there is no timer. */
  #watch(): void {
    this.#deadline.cancel();
    if (this.#pending.length > 0) this.#limit('no reply');
  }

  #limit(what: string): void {
    this.#deadline.cancel();
    this.#deadline = new Deadline(this.#seconds * 1000, () => this.#abandon(`${what} within ${this.#seconds} s`));
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
    this.#hasEnded = true;
    this.#child.stdin.end();
    this.#events.onEnd(reason);
  }

  #failUnanswered(): void {
    this.#deadline.cancel();
    for (const { settle } of this.#pending.splice(0)) settle(undefined);
  }
}
