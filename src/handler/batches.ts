import type { Attention, EventFields } from '../attention.ts';
import type { Config, DomainConfig } from '../config.ts';
import { type Change, type Plan, planChanges, restsOnPeer } from '../core/changes.ts';
import type { Exchange, ReplyCode } from '../core/exchange.ts';
import { describeError } from '../errors.ts';
import { logChange } from '../system/change-log.ts';
import { applyChanges } from '../system/changes.ts';
import { hasInterfaces } from '../system/interfaces.ts';
import type { Failures } from '../system/jointly.ts';
import { LockedReading } from '../system/locked-reading.ts';
import { readClock } from '../system/reading.ts';
import { ActivityRecord } from './activity-record.ts';

interface Waiting extends Exchange {
  readonly answer: (reply: ReplyCode) => void;
}
type WaitingChange = Change<Waiting>;

/** One call of `wg set` has room for so many keys, and takes some 10 ms for them. */
const BATCH_EXCHANGES = 256;

/**
 * Serves the exchanges of one domain. Those that arrive while others are being applied go together in the next batch:
 * one `wg set`, one `bridge -batch`, and one `ip -batch` where the domain keeps routes.
 */
export class DomainBatches {
  readonly #domain: DomainConfig;
  readonly #log: Attention;
  readonly #onBatch: (exchanges: number) => void;
  readonly #reading: LockedReading;
  readonly #activity: ActivityRecord;
  #queue: Waiting[] = [];
  #isLookDue = false;
  #running: Promise<void> | undefined;
  #expiry: NodeJS.Timeout | undefined;

  /** `onBatch` is told how many exchanges each batch has. */
  constructor(domain: DomainConfig, config: Config, log: Attention, onBatch: (exchanges: number) => void = () => {}) {
    this.#domain = domain;
    this.#log = log;
    this.#onBatch = onBatch;
    this.#reading = new LockedReading(domain, config, log);
    this.#activity = new ActivityRecord(config, domain.name, log);
  }

  /** The names of those that it serves. */
  get interfaces(): string[] {
    return [this.#domain.wireguard, this.#domain.vxlan];
  }

  /** Resolves when the kernel has what was decided; never rejects. */
  serve({ domain, key, from, look }: Exchange): Promise<ReplyCode> {
    const reply = new Promise<ReplyCode>((answer) =>
      this.#queue.push({ domain, key, from, answer, ...(look && { look }) }),
    );
    this.#running ??= this.#run();
    return reply;
  }

  /** Has the interfaces looked at: where they were made anew, who was alive comes back without having to ask. */
  lookAtInterfaces(): void {
    this.#isLookDue = true;
    this.#running ??= this.#run();
  }

  /** Forgets what waits, finishes what runs, writes down who is alive, and lets go of the lock. */
  async stop(): Promise<void> {
    this.#queue = [];
    await this.#running;
    clearTimeout(this.#expiry);
    this.#activity.save();
    await this.#withInterfaces('remember who is alive', () => this.#reading.remember());
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
    if (this.#reading.isFresh) this.#expiry = setTimeout(() => this.#expire(), this.#reading.restMilliseconds);
    else this.#close();
  }

  async #look(): Promise<void> {
    this.#isLookDue = false;
    this.#close();
    await this.#withInterfaces('look at the interfaces', () => this.#reading.open());
    this.#close();
  }

  /** Where an interface is missing there is nothing to do: when it comes it is new. */
  async #withInterfaces(what: string, action: () => Promise<unknown>): Promise<void> {
    if (!hasInterfaces(this.#domain)) return;
    await action().catch((error) => {
      this.#log.warn(`could not ${what}`, { domain: this.#domain.name, reason: describeError(error) });
      this.#close();
    });
  }

  async #serveNext(): Promise<void> {
    const batch = this.#queue.splice(0, BATCH_EXCHANGES);
    const exchanges = batch.filter(({ look }) => !look).length;
    if (exchanges > 0) this.#onBatch(exchanges);
    await this.#serveBatch(batch).catch((error) => {
      const fields = { domain: this.#domain.name, exchanges: batch.length, reason: describeError(error) };
      this.#fail(fields, exchanges);
      this.#close();
      for (const { answer } of batch) answer('FAILED');
    });
  }

  async #serveBatch(batch: readonly Waiting[]): Promise<void> {
    const { refused, changes } = await this.#plan(batch);
    for (const { exchange, code } of refused) this.#refuse(exchange, code);
    const { failures, leftOver } = await applyChanges(this.#domain, changes);
    // Before the lock goes: the cleanup reads and writes the marks, too.
    const done = changes.filter((change) => change.kind !== 'keep' && !failures.has(change));
    this.#reading.forgetMarks(done.map(({ router }) => router.key));
    this.#reading.noticePending(done);
    if (failures.size > 0) this.#close();
    for (const change of changes) this.#report(change, failures);
    if (leftOver !== undefined)
      this.#log.warn('left to the cleanup', { domain: this.#domain.name, reason: describeError(leftOver) });
  }

  /**
   * Decides a batch on what was read before, unless that rests on a peer: it may have had a handshake since, and who
   * has one is not removed; or it may have gone with its interface, and who was told `OK` has to be there.
   */
  async #plan(batch: readonly Waiting[]): Promise<Plan<Waiting>> {
    const { view, isNew } = await this.#reading.open();
    const plan = planChanges(batch, view, readClock());
    if (isNew || !plan.changes.some(restsOnPeer)) return plan;
    return planChanges(batch, await this.#reading.readAgain(), readClock());
  }

  /** What runs looks at the age of its reading itself. */
  #expire(): void {
    if (this.#running === undefined) this.#close();
  }

  #close(): void {
    this.#reading.close();
  }

  #refuse({ domain, key, from, look, answer }: Waiting, code: ReplyCode): void {
    answer(code);
    if (look) return;
    this.#log.info('refused', { domain, key, from, code }, { by: ['domain', 'from', 'code'] });
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
      logChange(change, { domain, log: this.#log, who: { from } });
    }
    for (const { answer } of exchanges) answer(failures.has(change) ? 'FAILED' : 'OK');
  }

  /** What is broken is broken for everybody who asks; a look finds it, but is no exchange. */
  #fail(fields: EventFields, exchanges: number): void {
    this.#log.error('failed', fields, { by: ['domain', 'reason'], times: exchanges });
    if (exchanges > 0) this.#activity.note('failed', exchanges);
  }
}
