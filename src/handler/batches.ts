import type { Config, DomainConfig } from '../config/config.ts';
import { listEffects } from '../core/changes/effects.ts';
import { type Change, planChanges } from '../core/changes/plan.ts';
import type { Exchange, ReplyCode } from '../core/exchange/exchange.ts';
import type { GatewayInterface } from '../core/exchange/gateway.ts';
import type { Granted } from '../core/privsep/requests.ts';
import { describeError } from '../core/values/errors.ts';
import type { FieldsOf } from '../log/events.ts';
import type { Attention } from '../log/flood-guard.ts';
import { applyChanges } from '../system/domain/apply-changes.ts';
import { logEffects } from '../system/domain/change-log.ts';
import { DomainSession } from '../system/domain/domain-session.ts';
import type { ReplacedDirectoryError } from '../system/files/runtime-directory.ts';
import type { Failures } from '../system/kernel/bisect.ts';
import { ActivityRecord } from './service/activity-record.ts';
import { DomainQueue } from './service/domain-queue.ts';
import type { DomainService, Listener } from './service/domain-service.ts';

interface Waiting extends Exchange {
  /** For the log alone. */
  readonly saidFrom: Exchange['from'];
  readonly answer: (reply: ReplyCode) => void;
}
type WaitingChange = Change<Waiting>;

/** Serves the exchanges of a domain of the mesh: one `wg set`, one `bridge -batch`, and one `ip -batch` for a batch. */
export class DomainBatches implements DomainService {
  readonly #domain: DomainConfig;
  readonly #log: Attention;
  readonly #tell: Listener;
  readonly #session: DomainSession;
  readonly #activity: ActivityRecord;
  readonly #queue: DomainQueue<Waiting>;

  constructor(domain: DomainConfig, config: Config, log: Attention, tell: Listener) {
    this.#domain = domain;
    this.#log = log;
    this.#tell = tell;
    this.#session = new DomainSession(domain, config, log);
    this.#activity = new ActivityRecord(config, domain.name, log);
    const owner = {
      domain,
      session: this.#session,
      log,
      onReplaced: (error: ReplacedDirectoryError) => tell.onReplaced(error),
    };
    this.#queue = new DomainQueue(owner, {
      serve: (batch) => this.#serveBatch(batch),
      fail: (batch, error) => this.#failBatch(batch, error),
      repair: async () => this.#session.repair(await this.#session.open()),
      leave: () => this.#session.remember(),
    });
  }

  /** Resolves when the decision is applied in the kernel; never rejects. */
  serve(exchange: Exchange): Promise<ReplyCode> {
    const { from: saidFrom, hearsay, ...others } = exchange;
    const known = hearsay === true || saidFrom === undefined ? {} : { from: saidFrom };
    return new Promise<ReplyCode>((answer) => this.#queue.add({ ...others, ...known, saidFrom, answer }));
  }

  /** A mesh has no leases. */
  async serveLease(): Promise<Granted> {
    return { code: 'INVALID_DOMAIN' };
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

  lookAtInterfaces(): void {
    this.#queue.lookAtInterfaces();
  }

  async stop(): Promise<void> {
    await this.#queue.stop();
    this.#activity.save();
  }

  /** Decides on a reading that begins after the last request arrived: earlier changes by an operator count for all. */
  async #serveBatch(batch: readonly Waiting[]): Promise<void> {
    const exchanges = countExchanges(batch);
    if (exchanges > 0) this.#tell.onBatch(exchanges);
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

  #failBatch(batch: readonly Waiting[], error: unknown): void {
    const fields = { domain: this.#domain.name, exchanges: batch.length, reason: describeError(error) };
    this.#fail(fields, countExchanges(batch));
    for (const { answer } of batch) answer('FAILED');
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

function countExchanges(batch: readonly Waiting[]): number {
  return batch.filter(({ look }) => !look).length;
}
