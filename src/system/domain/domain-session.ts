import type { Config, DomainConfig } from '../../config/config.ts';
import { findGone, findLost, planRevival } from '../../core/changes/revival.ts';
import type { DomainView } from '../../core/decisions/admission.ts';
import type { Memory } from '../../core/decisions/begin-record.ts';
import type { KeyLists } from '../../core/exchange/key-lists.ts';
import { DumpReader, type WireguardReading } from '../../core/kernel/wg-dump.ts';
import { collectAlive, noteHandshake } from '../../core/peers/handshakes.ts';
import type { PeerRecord } from '../../core/peers/record.ts';
import { describeError } from '../../core/values/errors.ts';
import type { Handshakes } from '../../core/values/peer.ts';
import type { PublicKey } from '../../core/values/public-key.ts';
import type { Moment } from '../../core/values/time.ts';
import type { Events } from '../../log/log.ts';
import { type Lock, takeDomainLock } from '../files/lock.ts';
import { RuntimeDirectory } from '../files/runtime-directory.ts';
import { readInterfacesId } from '../kernel/links.ts';
import { readWireguard, requireInterfaces } from '../kernel/wg.ts';
import { RecordWriter } from '../store/record-writer.ts';
import { adoptAfterUpgrade, dropAdoptionNote, hasAdoptionNote, openRecord } from './begin-record.ts';
import { DomainMemory } from './domain-memory.ts';
import { readMoment } from './moment.ts';
import { buildView, DomainFiles } from './read-domain.ts';
import { repairForwarding } from './repair.ts';
import { logRepairs } from './repair-log.ts';
import { revive } from './revive.ts';

/** How long the lock of a domain is held while there is work. */
const LOCK_MILLISECONDS = 1000;

/**
 * Work on one domain under its lock. Each {@link DomainSession.open} is a new reading; routers that were lost are
 * restored before anybody sees it.
 */
export class DomainSession {
  readonly memory: DomainMemory;
  readonly #domain: DomainConfig;
  readonly #config: Config;
  readonly #log: Events;
  readonly #dryRun: boolean;
  readonly #files: DomainFiles;
  readonly #directory: RuntimeDirectory;
  readonly #writer: RecordWriter;
  readonly #dumps = new DumpReader();
  #lock: Lock | undefined;
  #lockedAtMilliseconds = Number.NEGATIVE_INFINITY;
  /** Those that were read under this lock; see `readInterfacesId`. */
  #interfaces = '';
  #complaints = '';

  /** With `dryRun` nothing is changed and nothing is written. */
  constructor(domain: DomainConfig, config: Config, log: Events, dryRun = false) {
    this.#domain = domain;
    this.#config = config;
    this.#log = log;
    this.#dryRun = dryRun;
    this.#directory = new RuntimeDirectory(config.runtime_directory);
    this.#files = new DomainFiles(domain, config);
    this.memory = new DomainMemory(this.#files, domain, { log, dryRun });
    this.#writer = new RecordWriter(this.#files.record, domain.name, log);
  }

  get isFresh(): boolean {
    return performance.now() - this.#lockedAtMilliseconds < LOCK_MILLISECONDS;
  }

  /** How long until it is not fresh any more. */
  get restMilliseconds(): number {
    return this.#lockedAtMilliseconds + LOCK_MILLISECONDS - performance.now();
  }

  /** The interfaces that the domain is on. */
  get interfaces(): string {
    return this.#interfaces;
  }

  /** @throws Error with one line that says why the domain cannot be read; then nothing was changed. */
  async open(): Promise<DomainView> {
    await this.#takeLock();
    if (this.#dryRun) return this.#preview();
    const view = await this.#read();
    return (await this.#reviveLost(view)) ? this.#read() : view;
  }

  /** Gives all routers what they need to be reached. @throws Error where something could not be repaired. */
  async repair(view: DomainView): Promise<void> {
    logRepairs(await repairForwarding(this.#domain, view.peers, false), this.#domain.name, this.#log);
  }

  /** For the record, before what the lines are about is done. False where they cannot be written, which is logged. */
  write(lines: readonly string[], { record }: DomainView): boolean {
    return this.#writer.write(lines, record, readMoment());
  }

  /** The record without the keys that are gone. False where it cannot be written, which is logged. */
  rewrite({ record }: DomainView): boolean {
    return this.#writer.rewrite(record, readMoment());
  }

  /** The handshakes of those who would be restored today. */
  collectAlive({ record }: DomainView): Handshakes {
    return collectAlive(record.registrations, this.#config.cleanup.stale_after_seconds, readMoment());
  }

  /** Writes down who is alive, for the next start. */
  async remember(): Promise<void> {
    this.close();
    const view = await this.open();
    this.#writer.write([], view.record, readMoment());
    const state = this.memory.readState();
    const alive = this.collectAlive(view);
    if (alive.size + state.alive.size > 0) this.memory.writeState({ ...state, alive, interfaces: this.#interfaces });
  }

  /**
   * For a key that an operator is about to remove: nothing is to restore it, and nothing claims its address for it.
   * @throws Error where that cannot be written down.
   */
  forget(key: PublicKey, { record }: DomainView): void {
    this.memory.forget(key);
    const known = record.registrations.get(key);
    if (known === undefined) return;
    const line = record.set(key, { ...known, heard: undefined, isLeaving: true });
    if (!this.#writer.write([line], record, readMoment())) throw new Error(this.#writer.fault);
  }

  /**
   * For a key whose peer is the operator's from now on: nothing of it is remembered.
   * @throws Error where that cannot be written down.
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

  /** What a reading would be that restores whoever was lost. */
  async #preview(): Promise<DomainView> {
    const reading = await readWireguard(this.#domain);
    const beginning = this.#recall(reading);
    const isUpgraded = hasAdoptionNote(this.#domain, this.#config);
    const context = { domain: this.#domain, log: this.#log, isUpgraded, dryRun: true };
    const { record } = openRecord(this.#files, beginning, context);
    if (isUpgraded) adoptAfterUpgrade(record, beginning, this.#files);
    const view = this.#buildView(reading, record, beginning);
    planRevival(findLost(view, this.#isOnNewInterfaces(record)), view);
    return view;
  }

  async #read(): Promise<DomainView> {
    const reading = await readWireguard(this.#domain, this.#dumps);
    const beginning = this.#recall(reading);
    const record = this.#openRecord(beginning);
    this.#writer.recover(record, beginning.now);
    this.#noteHandshakes(reading, record, beginning.now);
    for (const key of beginning.lists.static) if (record.registrations.has(key)) this.#drop(key, record);
    const view = this.#buildView(reading, record, beginning);
    for (const key of findGone(view)) if (isForgettable(key, view)) this.#drop(key, record);
    this.#writer.writeNotes(record, beginning.now);
    return view;
  }

  /** Everything that is known of a domain but the record, which may have to begin with it. */
  #recall({ peers }: WireguardReading): Beginning {
    const lists = this.#files.lists.read();
    const complaints = [...lists.problems, ...lists.complaints];
    if (this.#complaints !== complaints.join())
      for (const reason of complaints) this.#log.warn('bad key list', { domain: this.#domain.name, reason });
    this.#complaints = complaints.join();
    return { memory: this.memory.read(), peers, lists, now: readMoment() };
  }

  #openRecord(beginning: Beginning): PeerRecord {
    const isUpgraded = hasAdoptionNote(this.#domain, this.#config);
    const context = { domain: this.#domain, log: this.#log, isUpgraded };
    const { record, isNew } = openRecord(this.#files, beginning, context);
    this.#writer.begin(record);
    if (isNew) this.#writer.rewrite(record, beginning.now);
    if (!isUpgraded) return record;
    const lines = adoptAfterUpgrade(record, beginning, this.#files);
    if (this.#writer.write(lines, record, beginning.now)) dropAdoptionNote(this.#domain, this.#config);
    this.#log.info('adopted', { domain: this.#domain.name, keys: lines.length });
    return record;
  }

  #noteHandshakes({ peers }: WireguardReading, record: PeerRecord, now: Moment): void {
    for (const peer of peers) {
      const registration = record.registrations.get(peer.key);
      const noted = registration && noteHandshake(peer, registration, now);
      if (noted !== undefined) this.#writer.note(peer.key, record.set(peer.key, noted));
    }
  }

  #drop(key: PublicKey, record: PeerRecord): void {
    this.#writer.note(key, record.drop(key));
  }

  #buildView(reading: WireguardReading, record: PeerRecord, { lists, now }: Beginning): DomainView {
    const claims = this.memory.readClaims();
    const parts = { reading, record, lists, claims, now, unrecordable: this.#writer.fault };
    return buildView(parts, this.#domain, this.#config, this.#files);
  }

  /** A record that has just begun with nothing to remember says nothing about interfaces. */
  #isOnNewInterfaces({ interfaces }: PeerRecord): boolean {
    return interfaces !== '' && interfaces !== this.#interfaces;
  }

  async #reviveLost(view: DomainView): Promise<boolean> {
    const { record } = view;
    const isNew = record.interfaces !== this.#interfaces;
    const lost = findLost(view, this.#isOnNewInterfaces(record));
    if (!isNew && lost.length === 0) return false;
    const planned = planRevival(lost, view);
    const lines = [...planned.flatMap((one) => one.lines), ...(isNew ? [record.setInterfaces(this.#interfaces)] : [])];
    // What is not in the record would be a stranger's peer: it waits until it can be.
    const changes = this.write(lines, view) ? planned.map(({ change }) => change) : [];
    await revive(changes, { domain: this.#domain, log: this.#log, lost: lost.length });
    if (isNew)
      await this.repair(view).catch((error) =>
        this.#log.warn('could not repair', { domain: this.#domain.name, reason: describeError(error) }),
      );
    return planned.length > 0;
  }
}

/** A handshake that no claim knows yet stays in the record until the cleanup has made one of it. */
function isForgettable(key: PublicKey, { record, claims }: DomainView): boolean {
  return record.registrations.get(key)?.heard === undefined || claims.has(key);
}

interface Beginning {
  readonly memory: Memory;
  readonly peers: WireguardReading['peers'];
  readonly lists: KeyLists;
  readonly now: Moment;
}
