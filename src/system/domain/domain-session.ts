import type { Config, DomainConfig } from '../../config/config.ts';
import { findLost, planRevival } from '../../core/changes/revival.ts';
import type { DomainView } from '../../core/decisions/admission.ts';
import type { GatewayInterface } from '../../core/exchange/gateway.ts';
import { collectAlive } from '../../core/peers/handshakes.ts';
import { describeError } from '../../core/values/errors.ts';
import type { Handshakes } from '../../core/values/peer.ts';
import type { PublicKey } from '../../core/values/public-key.ts';
import type { Events } from '../../log/events.ts';
import { type Lock, takeDomainLock } from '../files/lock.ts';
import { RuntimeDirectory } from '../files/runtime-directory.ts';
import { readInterfacesId, readLinkAddress } from '../kernel/links.ts';
import { requireInterfaces } from '../kernel/wg.ts';
import { DomainStore } from '../store/domain-store.ts';
import { RecordWriter } from '../store/record-writer.ts';
import { DomainMemory } from './domain-memory.ts';
import { DomainReader, isOnNewInterfaces } from './domain-reader.ts';
import { readMoment } from './moment.ts';
import { repairForwarding } from './repair.ts';
import { logRepairs } from './repair-log.ts';
import { revive } from './revive.ts';

/** How long the lock of a domain is held while there is work. */
const LOCK_MILLISECONDS = 1000;

/**
 * Work on one domain under its lock. Each {@link DomainSession.open} is a new reading; lost routers are restored before
 * it returns.
 */
export class DomainSession {
  readonly memory: DomainMemory;
  readonly #domain: DomainConfig;
  readonly #config: Config;
  readonly #log: Events;
  readonly #dryRun: boolean;
  readonly #directory: RuntimeDirectory;
  readonly #writer: RecordWriter;
  readonly #reader: DomainReader;
  #lock: Lock | undefined;
  #lockedAtMilliseconds = Number.NEGATIVE_INFINITY;
  /** The interfaces that were read under this lock; see `readInterfacesId`. */
  #interfaces = '';

  /** With `dryRun` nothing is changed and nothing is written. */
  constructor(domain: DomainConfig, config: Config, log: Events, dryRun = false) {
    this.#domain = domain;
    this.#config = config;
    this.#log = log;
    this.#dryRun = dryRun;
    this.#directory = new RuntimeDirectory(config.runtime_directory);
    const store = new DomainStore(domain, config);
    this.memory = new DomainMemory(store, domain, { log, dryRun });
    this.#writer = new RecordWriter(store.record, domain.name, log);
    this.#reader = new DomainReader(domain, config, log, { store, memory: this.memory, writer: this.#writer });
  }

  get isFresh(): boolean {
    return performance.now() - this.#lockedAtMilliseconds < LOCK_MILLISECONDS;
  }

  /** How long it is still fresh. */
  get restMilliseconds(): number {
    return this.#lockedAtMilliseconds + LOCK_MILLISECONDS - performance.now();
  }

  /** The interfaces that the domain is on. */
  get interfaces(): string {
    return this.#interfaces;
  }

  /** @throws Error with one line that says why the domain cannot be read; then nothing has been changed. */
  async open(): Promise<DomainView> {
    await this.#takeLock();
    if (this.#dryRun) return this.#reader.preview(this.#interfaces);
    const view = await this.#reader.read();
    // The table says which members are lost.
    if (this.#domain.leased !== undefined) return view;
    return (await this.#reviveLost(view)) ? this.#reader.read() : view;
  }

  /**
   * What a router needs to know of the interface, by the latest reading.
   * @throws Error with one line that says what the interface lacks.
   */
  async describeInterface(): Promise<GatewayInterface> {
    const { name, wireguard } = this.#domain;
    const { ownKey: publicKey, port } = await this.#reader.recallReading();
    const linkAddress = readLinkAddress(wireguard);
    const missing = publicKey === undefined ? 'key' : port === 0 ? 'port' : 'link-local address';
    if (publicKey === undefined || port === 0 || linkAddress === undefined)
      throw new Error(`Cannot describe domain ${name}: WireGuard interface ${wireguard} has no ${missing}`);
    return { port, publicKey, linkAddress };
  }

  /** Repairs the entries and routes of all routers. @throws Error if something could not be repaired. */
  async repair(view: DomainView): Promise<void> {
    logRepairs(await repairForwarding(this.#domain, view.peers, false), this.#domain.name, this.#log);
  }

  /** Writes lines to the record before their changes are made. Returns false if that fails, which is logged. */
  write(lines: readonly string[], { record }: DomainView): boolean {
    return this.#writer.write(lines, record, readMoment());
  }

  /** Rewrites the record without the keys that are gone. Returns false if that fails, which is logged. */
  rewrite({ record }: DomainView): boolean {
    return this.#writer.rewrite(record, readMoment());
  }

  /** The handshakes of the keys that would be restored now. */
  collectAlive({ record }: DomainView): Handshakes {
    return collectAlive(record.registrations, this.#config.cleanup.stale_after_seconds, readMoment());
  }

  /** Writes down which keys are alive, for the next start. */
  async remember(): Promise<void> {
    this.close();
    const view = await this.open();
    this.#writer.write([], view.record, readMoment());
    const state = this.memory.readState();
    const alive = this.collectAlive(view);
    if (alive.size + state.alive.size > 0) this.memory.writeState({ ...state, alive, interfaces: this.#interfaces });
  }

  /**
   * For a key that an operator is about to remove: nothing will restore it, and no claim keeps its address.
   * @throws Error if that cannot be written down.
   */
  forget(key: PublicKey, { record }: DomainView): void {
    this.memory.forget(key);
    const known = record.registrations.get(key);
    if (known === undefined) return;
    const line = record.set(key, { ...known, heard: undefined, isLeaving: true });
    if (!this.#writer.write([line], record, readMoment())) throw new Error(this.#writer.fault);
  }

  /**
   * For a key whose peer is the operator's from now on: nothing about it is remembered.
   * @throws Error if that cannot be written down.
   */
  release(key: PublicKey, { record }: DomainView): void {
    this.memory.forget(key);
    if (!record.registrations.has(key)) return;
    if (!this.#writer.write([record.drop(key)], record, readMoment())) throw new Error(this.#writer.fault);
  }

  close(): void {
    this.#lock?.release();
    this.#lock = undefined;
    this.#lockedAtMilliseconds = Number.NEGATIVE_INFINITY;
  }

  async #takeLock(): Promise<void> {
    requireInterfaces(this.#domain);
    if (this.#lock !== undefined && this.isFresh) return;
    this.close();
    this.#directory.requireSame();
    this.#lock = await takeDomainLock(this.#config.runtime_directory, this.#domain.name);
    this.#lockedAtMilliseconds = performance.now();
    this.#interfaces = await readInterfacesId(this.#domain);
  }

  async #reviveLost(view: DomainView): Promise<boolean> {
    const { record } = view;
    const isNew = record.interfaces !== this.#interfaces;
    const lost = findLost(view, isOnNewInterfaces(record, this.#interfaces));
    if (!isNew && lost.length === 0) return false;
    const planned = planRevival(lost, view);
    const lines = [...planned.flatMap((one) => one.lines), ...(isNew ? [record.setInterfaces(this.#interfaces)] : [])];
    // A peer that is not in the record would count as somebody else's, so it is not restored until it can be recorded.
    const changes = this.write(lines, view) ? planned.map(({ change }) => change) : [];
    await revive(changes, { domain: this.#domain, log: this.#log, lost: lost.length });
    if (isNew)
      await this.repair(view).catch((error) =>
        this.#log.report('repair failed', { domain: this.#domain.name, reason: describeError(error) }),
      );
    return planned.length > 0;
  }
}
