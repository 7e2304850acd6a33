import type { Config, DomainConfig } from '../../config/config.ts';
import { findGone, findLost, planRevival } from '../../core/changes/revival.ts';
import type { DomainView } from '../../core/decisions/admission.ts';
import type { Memory } from '../../core/decisions/begin-record.ts';
import type { KeyLists } from '../../core/exchange/key-lists.ts';
import { DumpReader, type WireguardReading } from '../../core/kernel/wg-dump.ts';
import { noteHandshake } from '../../core/peers/handshakes.ts';
import type { PeerRecord } from '../../core/peers/record.ts';
import type { PublicKey } from '../../core/values/public-key.ts';
import type { Moment } from '../../core/values/time.ts';
import type { Events } from '../../log/events.ts';
import { readWireguard } from '../kernel/wg.ts';
import type { DomainStore } from '../store/domain-store.ts';
import type { RecordWriter } from '../store/record-writer.ts';
import { adoptAfterUpgrade, dropAdoptionNote, hasAdoptionNote, openRecord } from './begin-record.ts';
import { buildView } from './build-view.ts';
import type { DomainMemory } from './domain-memory.ts';
import { readMoment } from './moment.ts';

/** What a reading needs. */
interface Sources {
  readonly store: DomainStore;
  readonly memory: DomainMemory;
  readonly writer: RecordWriter;
}

/** Reads a domain whose lock is held: kernel, files and record together, and keeps the record up to date. */
export class DomainReader {
  readonly #domain: DomainConfig;
  readonly #config: Config;
  readonly #log: Events;
  readonly #sources: Sources;
  readonly #dumps = new DumpReader();
  #complaints = '';
  #latest: WireguardReading | undefined;

  constructor(domain: DomainConfig, config: Config, log: Events, sources: Sources) {
    this.#domain = domain;
    this.#config = config;
    this.#log = log;
    this.#sources = sources;
  }

  /** The reading as it would be after restoring lost routers to these interfaces; writes nothing. */
  async preview(interfaces: string): Promise<DomainView> {
    const { store } = this.#sources;
    const reading = await readWireguard(this.#domain);
    const beginning = this.#recall(reading);
    const isUpgraded = hasAdoptionNote(this.#domain, this.#config);
    const context = { domain: this.#domain, log: this.#log, isUpgraded, dryRun: true };
    const { record } = openRecord(store, beginning, context);
    if (isUpgraded) adoptAfterUpgrade(record, beginning, store);
    const view = this.#buildView(reading, record, beginning);
    planRevival(findLost(view, isOnNewInterfaces(record, interfaces)), view);
    return view;
  }

  /** @throws Error with one line that says why the domain cannot be read. */
  async read(): Promise<DomainView> {
    const { writer } = this.#sources;
    const reading = await readWireguard(this.#domain, this.#dumps);
    this.#latest = reading;
    const beginning = this.#recall(reading);
    const record = this.#openRecord(beginning);
    writer.recover(record, beginning.now);
    this.#noteHandshakes(reading, record, beginning.now);
    for (const key of beginning.lists.static) if (record.registrations.has(key)) this.#drop(key, record);
    const view = this.#buildView(reading, record, beginning);
    for (const key of findGone(view)) if (isForgettable(key, view)) this.#drop(key, record);
    writer.writeNotes(record, beginning.now);
    return view;
  }

  /** The latest reading, or a new one if there was none yet. */
  async recallReading(): Promise<WireguardReading> {
    return this.#latest ?? readWireguard(this.#domain);
  }

  /** Everything that is known about a domain except the record, which may have to begin with it. */
  #recall({ peers }: WireguardReading): Beginning {
    const { store, memory } = this.#sources;
    const lists = store.lists.read();
    const complaints = [...lists.problems, ...lists.complaints];
    if (this.#complaints !== complaints.join())
      for (const reason of complaints) this.#log.report('invalid key list', { domain: this.#domain.name, reason });
    this.#complaints = complaints.join();
    return { memory: memory.read(), peers, lists, now: readMoment() };
  }

  #openRecord(beginning: Beginning): PeerRecord {
    const { store, writer } = this.#sources;
    const isUpgraded = hasAdoptionNote(this.#domain, this.#config);
    const context = { domain: this.#domain, log: this.#log, isUpgraded };
    const { record, isNew } = openRecord(store, beginning, context);
    writer.begin(record);
    if (isNew) writer.rewrite(record, beginning.now);
    if (!isUpgraded) return record;
    const lines = adoptAfterUpgrade(record, beginning, store);
    if (writer.write(lines, record, beginning.now)) dropAdoptionNote(this.#domain, this.#config);
    this.#log.report('adopted', { domain: this.#domain.name, keys: lines.length });
    return record;
  }

  #noteHandshakes({ peers }: WireguardReading, record: PeerRecord, now: Moment): void {
    for (const peer of peers) {
      const registration = record.registrations.get(peer.key);
      const noted = registration && noteHandshake(peer, registration, now);
      if (noted !== undefined) this.#sources.writer.note(peer.key, record.set(peer.key, noted));
    }
  }

  #drop(key: PublicKey, record: PeerRecord): void {
    this.#sources.writer.note(key, record.drop(key));
  }

  #buildView(reading: WireguardReading, record: PeerRecord, { lists, now }: Beginning): DomainView {
    const { store, memory, writer } = this.#sources;
    const parts = { reading, record, lists, claims: memory.readClaims(), now, unrecordable: writer.fault };
    return buildView(parts, this.#domain, this.#config, store);
  }
}

/** A record that has just begun with nothing to remember says nothing about interfaces. */
export function isOnNewInterfaces({ interfaces }: PeerRecord, now: string): boolean {
  return interfaces !== '' && interfaces !== now;
}

/** A handshake that no claim knows yet stays in the record until the cleanup has turned it into a claim. */
function isForgettable(key: PublicKey, { record, claims }: DomainView): boolean {
  return record.registrations.get(key)?.heard === undefined || claims.has(key);
}

interface Beginning {
  readonly memory: Memory;
  readonly peers: WireguardReading['peers'];
  readonly lists: KeyLists;
  readonly now: Moment;
}
