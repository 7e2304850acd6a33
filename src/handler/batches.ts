import type { Config, DomainConfig } from '../config/config.ts';
import { listEffects } from '../core/changes/effects.ts';
import { type Change, planChanges } from '../core/changes/plan.ts';
import type { Exchange, ReplyCode } from '../core/exchange/exchange.ts';
import { describeError } from '../core/values/errors.ts';
import type { FieldsOf } from '../log/events.ts';
import type { Attention } from '../log/flood-guard.ts';
import { applyChanges } from '../system/domain/apply-changes.ts';
import { logEffects } from '../system/domain/change-log.ts';
import { DomainSession } from '../system/domain/domain-session.ts';
import { ReplacedDirectoryError } from '../system/files/runtime-directory.ts';
import type { Failures } from '../system/kernel/bisect.ts';
import { hasInterfaces } from '../system/kernel/links.ts';
import { ActivityRecord } from './activity-record.ts';

interface Waiting extends Exchange {
  readonly answer: (reply: ReplyCode) => void;
}
type WaitingChange = Change<Waiting>;

/** Who learns of what happens to a domain. */
interface Listener {
  /** How many exchanges a batch has. */
  onBatch(exchanges: number): void;
  /** Nothing that this process writes is seen by others any more. */
  onReplaced(error: ReplacedDirectoryError): void;
}

/** What may go wrong beside an exchange. */
type Trouble = 'interface check failed' | 'live peers not written';

/** One call of `wg set` has room for so many keys, and takes some 10 ms for them. */
const BATCH_EXCHANGES = 256;
/** Interfaces that come and go are looked at this often; with the watch's own pause, within 5 s. */
const LOOK_MILLISECONDS = 4500;
/** Where a look goes wrong again and again. */
const LONGEST_PAUSE_MILLISECONDS = 60_000;

/**
 * Serves the exchanges of one domain. Those that arrive while others are being applied go together in the next batch:
 * one `wg set`, one `bridge -batch`, and one `ip -batch` where the domain keeps routes.
 */
export class DomainBatches {
  readonly #domain: DomainConfig;
  readonly #log: Attention;
  readonly #tell: Listener;
  readonly #session: DomainSession;
  readonly #activity: ActivityRecord;
  #queue: Waiting[] = [];
  #isLookDue = false;
  #lookedAtMilliseconds = Number.NEGATIVE_INFINITY;
  #failedLooks = 0;
  #lookTimer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #expiry: NodeJS.Timeout | undefined;

  constructor(domain: DomainConfig, config: Config, log: Attention, tell: Listener) {
    this.#domain = domain;
    this.#log = log;
    this.#tell = tell;
    this.#session = new DomainSession(domain, config, log);
    this.#activity = new ActivityRecord(config, domain.name, log);
  }

  /** The names of those that it serves. */
  get interfaces(): string[] {
    return [this.#domain.wireguard, this.#domain.vxlan];
  }

  /** Resolves when the kernel has what was decided; never rejects. */
  serve(exchange: Exchange): Promise<ReplyCode> {
    const reply = new Promise<ReplyCode>((answer) => this.#queue.push({ ...exchange, answer }));
    this.#running ??= this.#run();
    return reply;
  }

  /** After a change of the interfaces: restores what was lost with it, peers, forwarding entries and routes. */
  lookAtInterfaces(): void {
    this.#lookLater(Math.max(0, this.#lookedAtMilliseconds + LOOK_MILLISECONDS - performance.now()));
  }

  /** Forgets what waits, finishes what runs, writes down who is alive, and lets go of the lock. */
  async stop(): Promise<void> {
    this.#queue = [];
    await this.#running;
    clearTimeout(this.#expiry);
    clearTimeout(this.#lookTimer);
    this.#activity.save();
    await this.#withInterfaces('live peers not written', () => this.#session.remember());
    this.#close();
  }

  async #run(): Promise<void> {
    clearTimeout(this.#expiry);
    // Lets the requests that came together go together.
    await new Promise(setImmediate);
    while (this.#isLookDue || this.#queue.length > 0) {
      if (this.#isLookDue) await this.#look();
      else await this.#serveNext();
    }
    this.#running = undefined;
    if (this.#session.isFresh) this.#expiry = setTimeout(() => this.#expire(), this.#session.restMilliseconds);
    else this.#close();
  }

  async #look(): Promise<void> {
    this.#isLookDue = false;
    this.#lookedAtMilliseconds = performance.now();
    this.#close();
    const isDone = await this.#withInterfaces('interface check failed', async () =>
      this.#session.repair(await this.#session.open()),
    );
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

  /** Where an interface is missing there is nothing to do: when it comes it is new. False where it went wrong. */
  async #withInterfaces(event: Trouble, action: () => Promise<unknown>): Promise<boolean> {
    if (!hasInterfaces(this.#domain)) return true;
    try {
      await action();
      return true;
    } catch (error) {
      this.#noticeReplaced(error);
      this.#log.report(event, { domain: this.#domain.name, reason: describeError(error) });
      this.#close();
      return false;
    }
  }

  async #serveNext(): Promise<void> {
    const batch = this.#queue.splice(0, BATCH_EXCHANGES);
    const exchanges = batch.filter(({ look }) => !look).length;
    if (exchanges > 0) this.#tell.onBatch(exchanges);
    await this.#serveBatch(batch).catch((error) => {
      this.#noticeReplaced(error);
      const fields = { domain: this.#domain.name, exchanges: batch.length, reason: describeError(error) };
      this.#fail(fields, exchanges);
      this.#close();
      for (const { answer } of batch) answer('FAILED');
    });
  }

  /** Decided on a reading that begins after the last request came: what an operator did before counts for all. */
  async #serveBatch(batch: readonly Waiting[]): Promise<void> {
    const view = await this.#session.open();
    const { refused, changes, lines } = planChanges(batch, view);
    for (const { exchange, code } of refused) this.#refuse(exchange, code);
    const recorded = this.#session.write(lines, view) ? changes : this.#refuseUnrecorded(changes);
    const { failures, leftOver } = await applyChanges(this.#domain, recorded);
    // Before the lock goes: the cleanup reads and writes the marks, too.
    const done = recorded.filter((change) => !failures.has(change));
    this.#session.memory.forgetMarks(done.map(({ router }) => router.key));
    for (const change of recorded) this.#report(change, failures);
    if (leftOver !== undefined)
      this.#log.report('left to the cleanup', { domain: this.#domain.name, reason: describeError(leftOver) });
  }

  /** A new key that is not in the record would be a stranger's peer; known ones go on. Returns those. */
  #refuseUnrecorded(changes: readonly WaitingChange[]): WaitingChange[] {
    for (const { kind, exchanges } of changes)
      if (kind === 'add') for (const exchange of exchanges) this.#refuse(exchange, 'FAILED');
    return changes.filter(({ kind }) => kind !== 'add');
  }

  /** What runs looks at the age of its reading itself. */
  #expire(): void {
    if (this.#running === undefined) this.#close();
  }

  #close(): void {
    this.#session.close();
  }

  #noticeReplaced(error: unknown): void {
    if (error instanceof ReplacedDirectoryError) this.#tell.onReplaced(error);
  }

  #refuse({ domain, key, from, look, answer }: Waiting, code: ReplyCode): void {
    answer(code);
    if (look) return;
    this.#log.report('refused', { domain, key, from, code }, { by: ['domain', 'from', 'code'] });
    this.#activity.note('refused');
  }

  #report(change: WaitingChange, failures: Failures<WaitingChange>): void {
    const { router, exchanges } = change;
    const { name: domain } = this.#domain;
    const from = exchanges[0]?.from;
    if (failures.has(change)) {
      const reason = describeError(failures.get(change));
      this.#fail({ domain, address: router.address, key: router.key, from, reason }, exchanges.length);
    } else {
      this.#activity.note('joined', exchanges.length);
      logEffects(listEffects(change, this.#domain), { domain, log: this.#log, who: { from } });
    }
    for (const { answer } of exchanges) answer(failures.has(change) ? 'FAILED' : 'OK');
  }

  /** What is broken is broken for everybody who asks; a look finds it, but is no exchange. */
  #fail(fields: FieldsOf<'failed'>, exchanges: number): void {
    this.#log.report('failed', fields, { by: ['domain', 'reason'], times: exchanges });
    if (exchanges > 0) this.#activity.note('failed', exchanges);
  }
}
