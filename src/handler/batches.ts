import type { Config, DomainConfig } from '../config.ts';
import type { DomainView } from '../core/admission.ts';
import {
  buildEntryLines,
  buildEntryRemoval,
  buildPeerWords,
  buildRouteLines,
  type Change,
  type Plan,
  planChanges,
  removesPeer,
} from '../core/changes.ts';
import { buildRemovePeer } from '../core/commands.ts';
import type { Exchange, ReplyCode } from '../core/exchange.ts';
import { describeError } from '../errors.ts';
import type { Log, LogFields } from '../log.ts';
import { changeEntries, changeRoutes } from '../system/forwarding.ts';
import { applyJointly, type Failures } from '../system/jointly.ts';
import { type DomainLock, takeDomainLock } from '../system/lock.ts';
import { findMarksFile, forgetMarks } from '../system/marks.ts';
import { requireInterfaces, setPeers } from '../system/wireguard.ts';
import { FirstSeen, readClock, readDomain } from './reading.ts';

interface Waiting extends Exchange {
  readonly answer: (reply: ReplyCode) => void;
}
type WaitingChange = Change<Waiting>;

/** A batch of so many keys stays far below the kernel's limit for arguments (2 MB) and takes some 10 ms. */
const BATCH_EXCHANGES = 256;
/** How long the lock of a domain is held, and what was read under it may serve. */
const READING_MILLISECONDS = 1000;

/**
 * Serves the exchanges of one domain. Those that arrive while others are being applied go together in the next batch:
 * one `wg set`, one `bridge -batch`, and one `ip -batch` where the domain keeps routes.
 */
export class DomainBatches {
  readonly #domain: DomainConfig;
  readonly #config: Config;
  readonly #log: Log;
  readonly #firstSeen = new FirstSeen();
  #queue: Waiting[] = [];
  #running: Promise<void> | undefined;
  #lock: DomainLock | undefined;
  #lockedAtMilliseconds = 0;
  /** What was read under the lock, with the changes since; goes with it. */
  #view: DomainView | undefined;
  #expiry: NodeJS.Timeout | undefined;

  constructor(domain: DomainConfig, config: Config, log: Log) {
    this.#domain = domain;
    this.#config = config;
    this.#log = log;
  }

  /** Resolves when the kernel has what was decided; never rejects. */
  serve({ domain, key, from }: Exchange): Promise<ReplyCode> {
    const reply = new Promise<ReplyCode>((answer) => this.#queue.push({ domain, key, from, answer }));
    this.#running ??= this.#serveQueue();
    return reply;
  }

  /** Forgets what waits, finishes what runs, and lets go of the lock. */
  async stop(): Promise<void> {
    this.#queue = [];
    await this.#running;
    this.#close();
  }

  async #serveQueue(): Promise<void> {
    // Lets the requests that came together go together.
    await new Promise(setImmediate);
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, BATCH_EXCHANGES);
      await this.#serveBatch(batch).catch((error) => {
        this.#log.error('failed', { domain: this.#domain.name, exchanges: batch.length, reason: describeError(error) });
        this.#close();
        for (const { answer } of batch) answer('FAILED');
      });
    }
    this.#running = undefined;
    if (!this.#isFresh()) this.#close();
  }

  async #serveBatch(batch: readonly Waiting[]): Promise<void> {
    const { refused, changes } = await this.#plan(batch);
    this.#firstSeen.update(this.#view?.peers.pending ?? []);
    for (const { exchange, code } of refused) this.#refuse(exchange, code);
    const failures = await this.#apply(changes);
    // Before the lock goes: the cleanup reads and writes the marks, too.
    this.#forgetMarks(changes.filter((change) => change.kind !== 'keep' && !failures.has(change)));
    if (failures.size > 0) this.#close();
    for (const change of changes) this.#report(change, failures);
  }

  /**
   * Decides a batch on what was read before, unless that would cost a peer its place: it may have had a handshake
   * since, and who has one is not removed.
   */
  async #plan(batch: readonly Waiting[]): Promise<Plan<Waiting>> {
    const { view, isNew } = await this.#open();
    requireInterfaces(this.#domain);
    const plan = planChanges(batch, view, readClock());
    if (isNew || !plan.changes.some(removesPeer)) return plan;
    return planChanges(batch, await this.#read(), readClock());
  }

  /** What was read under the lock that is held, or else under a new one. */
  async #open(): Promise<{ view: DomainView; isNew: boolean }> {
    if (this.#view !== undefined && this.#isFresh()) return { view: this.#view, isNew: false };
    this.#close();
    requireInterfaces(this.#domain);
    this.#lock = await takeDomainLock(this.#config.runtime_directory, this.#domain.name);
    this.#lockedAtMilliseconds = performance.now();
    this.#expiry = setTimeout(() => this.#expire(), READING_MILLISECONDS);
    return { view: await this.#read(), isNew: true };
  }

  async #read(): Promise<DomainView> {
    this.#view = await readDomain(this.#domain, this.#config, this.#firstSeen, this.#log);
    return this.#view;
  }

  #isFresh(): boolean {
    return performance.now() - this.#lockedAtMilliseconds < READING_MILLISECONDS;
  }

  /** What runs looks at the age of its reading itself. */
  #expire(): void {
    if (this.#running === undefined) this.#close();
  }

  #close(): void {
    clearTimeout(this.#expiry);
    this.#lock?.release();
    this.#lock = undefined;
    this.#view = undefined;
  }

  async #apply(changes: readonly WaitingChange[]): Promise<Failures<WaitingChange>> {
    const domain = this.#domain;
    const unset = await applyJointly(changes, (some) => setPeers(domain, some.map(buildPeerWords)));
    const set = changes.filter((change) => !unset.has(change));
    const unforwarded = await applyJointly(set, async (some) => {
      await changeEntries(some.flatMap((change) => buildEntryLines(change, domain)));
      await changeRoutes(some.flatMap((change) => buildRouteLines(change, domain)));
    });
    await this.#takeBack([...unforwarded.keys()]);
    return new Map([...unset, ...unforwarded]);
  }

  /** A new peer that frames cannot reach is of no use to its router, which gets `FAILED`: nothing half done stays. */
  async #takeBack(changes: readonly WaitingChange[]): Promise<void> {
    const domain = this.#domain;
    const added = changes.filter(({ kind }) => kind === 'add').map(({ router }) => router);
    const kept = [
      await applyJointly(added, (some) =>
        setPeers(
          domain,
          some.map(({ key }) => buildRemovePeer(key)),
        ),
      ),
      await applyJointly(added, (some) => changeEntries(some.flatMap((router) => buildEntryRemoval(router, domain)))),
    ];
    for (const reason of kept.flatMap((failures) => [...failures.values()]).slice(0, 1)) {
      this.#log.warn('left to the cleanup', { domain: domain.name, reason: describeError(reason) });
    }
  }

  /** A mark that stays costs a router that does not connect one pass; that is no reason to refuse it. */
  #forgetMarks(changes: readonly WaitingChange[]): void {
    const file = findMarksFile(this.#config.state_directory, this.#domain.name);
    try {
      forgetMarks(
        file,
        changes.map(({ router }) => router.key),
      );
    } catch (error) {
      this.#log.warn('could not forget marks', { domain: this.#domain.name, reason: describeError(error) });
    }
  }

  #refuse({ domain, key, from, answer }: Waiting, code: ReplyCode): void {
    this.#log.info('refused', { domain, key, from, code });
    answer(code);
  }

  #report(change: WaitingChange, failures: Failures<WaitingChange>): void {
    const { router, exchanges } = change;
    const reply = failures.has(change) ? 'FAILED' : 'OK';
    const fields = { domain: this.#domain.name, address: router.address, key: router.key, from: exchanges[0]?.from };
    if (reply === 'OK') this.#reportSuccess(change, fields);
    else this.#log.error('failed', { ...fields, reason: describeError(failures.get(change)) });
    for (const { answer } of exchanges) answer(reply);
  }

  #reportSuccess({ kind, evicted }: WaitingChange, fields: LogFields): void {
    for (const { address, key } of evicted) this.#log.info('made room', { domain: this.#domain.name, address, key });
    if (kind === 'keep') this.#log.info('kept', { ...fields, live: true });
    else this.#log.info('joined', { ...fields, [kind === 'add' ? 'new' : 'again']: true });
  }
}
