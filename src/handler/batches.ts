import type { Config, DomainConfig } from '../config/config.ts';
import { listEffects } from '../core/changes/effects.ts';
import { type Change, planChanges } from '../core/changes/plan.ts';
import type { Exchange, ReplyCode } from '../core/exchange/exchange.ts';
import type { GatewayInterface } from '../core/exchange/gateway.ts';
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
import { gather } from './gathering.ts';

interface Waiting extends Exchange {
  /** For the log alone. */
  readonly saidFrom: Exchange['from'];
  readonly answer: (reply: ReplyCode) => void;
}
type WaitingChange = Change<Waiting>;

/** Gets notified of what happens to a domain. */
interface Listener {
  /** Called with the number of exchanges in each batch. */
  onBatch(exchanges: number): void;
  /** Called when other processes no longer see what this one writes. */
  onReplaced(error: ReplacedDirectoryError): void;
}

/** Failures outside an exchange. */
type Trouble = 'interface check failed' | 'live peers not written';

/** 256 keys fit into one call of `wg set`, which takes some 10 ms. */
const BATCH_EXCHANGES = 256;
/** The least time between two checks of the interfaces; with the watch's own pause, a change is handled within 5 s. */
const LOOK_MILLISECONDS = 4500;
/** The longest pause between checks that keep failing. */
const LONGEST_PAUSE_MILLISECONDS = 60_000;

/**
 * Serves the exchanges of one domain. Exchanges that arrive while a batch is being applied, and in a crowd those that
 * follow them closely, form the next batch:
 * one `wg set`, one `bridge -batch`, and one `ip -batch` if the domain keeps routes.
 */
export class DomainBatches {
  readonly #domain: DomainConfig;
  readonly #log: Attention;
  readonly #tell: Listener;
  readonly #session: DomainSession;
  readonly #activity: ActivityRecord;
  #queue: Waiting[] = [];
  /** The latest batch had more than one exchange. */
  #isCrowded = false;
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

  /** The names of the interfaces that it serves. */
  get interfaces(): string[] {
    return [this.#domain.wireguard, this.#domain.vxlan];
  }

  /** Resolves when the decision is applied in the kernel; never rejects. */
  serve(exchange: Exchange): Promise<ReplyCode> {
    const { from: saidFrom, hearsay, ...others } = exchange;
    const known = hearsay === true || saidFrom === undefined ? {} : { from: saidFrom };
    const reply = new Promise<ReplyCode>((answer) => this.#queue.push({ ...others, ...known, saidFrom, answer }));
    this.#running ??= this.#run();
    return reply;
  }

  /** What a router that was admitted needs to know; null if the interface lacks something. Never rejects. */
  async describeInterface(): Promise<GatewayInterface | null> {
    try {
      return await this.#session.describeInterface();
    } catch (error) {
      this.#fail({ domain: this.#domain.name, exchanges: 1, reason: describeError(error) }, 1);
      return null;
    }
  }

  /** After a change of the interfaces: restores the peers, forwarding entries and routes that were lost with it. */
  lookAtInterfaces(): void {
    this.#lookLater(Math.max(0, this.#lookedAtMilliseconds + LOOK_MILLISECONDS - performance.now()));
  }

  /** Drops the queue, finishes the current work, writes down which keys are alive, and releases the lock. */
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
    // Requests that arrive together join the same batch.
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

  /** Does nothing while an interface is missing: when it appears, it is a new one. Returns false on a failure. */
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
    if (this.#isCrowded) await gather(() => this.#queue.length, BATCH_EXCHANGES);
    const batch = this.#queue.splice(0, BATCH_EXCHANGES);
    this.#isCrowded = batch.length > 1;
    if (batch.length === 0) return;
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

  /** Decides on a reading that begins after the last request arrived: earlier changes by an operator count for all. */
  async #serveBatch(batch: readonly Waiting[]): Promise<void> {
    const view = await this.#session.open();
    const { refused, changes, lines } = planChanges(batch, view);
    for (const { exchange, code } of refused) this.#refuse(exchange, code);
    const recorded = this.#session.write(lines, view) ? changes : this.#refuseUnrecorded(changes);
    const { failures, leftOver } = await applyChanges(this.#domain, recorded);
    // Before the lock is released: the cleanup reads and writes the marks, too.
    const done = recorded.filter((change) => !failures.has(change));
    this.#session.memory.forgetMarks(done.map(({ router }) => router.key));
    for (const change of recorded) this.#report(change, failures);
    if (leftOver !== undefined)
      this.#log.report('left to the cleanup', { domain: this.#domain.name, reason: describeError(leftOver) });
  }

  /** Refuses new keys: a peer that is not in the record would count as somebody else's. Returns the other changes. */
  #refuseUnrecorded(changes: readonly WaitingChange[]): WaitingChange[] {
    for (const { kind, exchanges } of changes)
      if (kind === 'add') for (const exchange of exchanges) this.#refuse(exchange, 'FAILED');
    return changes.filter(({ kind }) => kind !== 'add');
  }

  /** A running batch checks the age of its reading itself. */
  #expire(): void {
    if (this.#running === undefined) this.#close();
  }

  #close(): void {
    this.#session.close();
  }

  #noticeReplaced(error: unknown): void {
    if (error instanceof ReplacedDirectoryError) this.#tell.onReplaced(error);
  }

  #refuse({ domain, key, saidFrom: from, look, answer }: Waiting, code: ReplyCode): void {
    answer(code);
    if (look) return;
    this.#log.report('refused', { domain, key, from, code }, { by: ['domain', 'from', 'code'] });
    this.#activity.note('refused');
  }

  #report(change: WaitingChange, failures: Failures<WaitingChange>): void {
    const { router, exchanges } = change;
    const { name: domain } = this.#domain;
    const from = exchanges[0]?.saidFrom;
    if (failures.has(change)) {
      const reason = describeError(failures.get(change));
      this.#fail({ domain, address: router.address, key: router.key, from, reason }, exchanges.length);
    } else {
      this.#activity.note('joined', exchanges.length);
      logEffects(listEffects(change, this.#domain), { domain, log: this.#log, who: { from } });
    }
    for (const { answer } of exchanges) answer(failures.has(change) ? 'FAILED' : 'OK');
  }

  /** A fault fails all routers alike, so its lines are grouped by reason. A look finds it, but is not an exchange. */
  #fail(fields: FieldsOf<'failed'>, exchanges: number): void {
    this.#log.report('failed', fields, { by: ['domain', 'reason'], times: exchanges });
    if (exchanges > 0) this.#activity.note('failed', exchanges);
  }
}
