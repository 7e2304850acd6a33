import type { PeerRecord } from '../../core/peers/record.ts';
import { describeError } from '../../core/values/errors.ts';
import type { DomainName } from '../../core/values/names.ts';
import type { Moment, MonotonicSeconds } from '../../core/values/time.ts';
import type { Events } from '../../log/events.ts';
import type { RecordFile } from './record-file.ts';

/** Handshakes, which thousands of routers have, are written at most once in this time. */
const NOTES_SECONDS = 10;

/** Writes a record to its file. Lines that an action depends on are written at once, mere notes later. */
export class RecordWriter {
  readonly #file: RecordFile;
  readonly #domain: DomainName;
  readonly #log: Events;
  #record: PeerRecord | undefined;
  /** The latest line of each subject. */
  readonly #notes = new Map<string, string>();
  #notedAt: MonotonicSeconds = Number.NEGATIVE_INFINITY;
  #fault: string | undefined;

  constructor(file: RecordFile, domain: DomainName, log: Events) {
    this.#file = file;
    this.#domain = domain;
    this.#log = log;
  }

  /** Why the record cannot be written; undefined if it can, or if nobody has tried yet. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** Drops the notes of a record that another process has changed since; they will be noticed again. */
  begin(record: PeerRecord): void {
    if (record !== this.#record) this.#notes.clear();
    this.#record = record;
  }

  /** Writes a whole new file. Returns false if it cannot be written, which is logged. */
  rewrite(record: PeerRecord, now: Moment): boolean {
    return this.#try(() => {
      this.#file.rewrite(record, now);
      this.#notes.clear();
    });
  }

  note(subject: string, line: string): void {
    this.#notes.set(subject, line);
  }

  /** Returns false if the lines cannot be written, which is logged. */
  write(lines: readonly string[], record: PeerRecord, now: Moment): boolean {
    if (lines.length + this.#notes.size === 0) return true;
    // Notes first: of two lines about a key the later one counts.
    return this.#try(() => {
      this.#file.append([...this.#notes.values(), ...lines], record, now);
      this.#notes.clear();
      this.#notedAt = now.monotonic;
    });
  }

  /** Tries again if the last attempt failed. */
  recover(record: PeerRecord, now: Moment): void {
    if (this.#fault !== undefined) this.rewrite(record, now);
  }

  writeNotes(record: PeerRecord, now: Moment): void {
    if (now.monotonic - this.#notedAt >= NOTES_SECONDS) this.write([], record, now);
  }

  #try(action: () => void): boolean {
    try {
      action();
      this.#fault = undefined;
      return true;
    } catch (error) {
      const reason = describeError(error);
      if (this.#fault !== reason) this.#log.report('record not written', { domain: this.#domain, reason });
      this.#fault = reason;
      return false;
    }
  }
}
