import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { type Pause, type PauseList, pausesSchema } from '../core/mail/pauses.ts';
import { parseJsonOf } from '../core/values/json.ts';
import type { UnixSeconds } from '../core/values/time.ts';

const FIRST_SECONDS = 60;
const LONGEST_SECONDS = 4 * 3600;

/** When to try again what failed, kept over restarts: after 1 minute, then twice as long each time, up to 4 hours. */
export class Pauses {
  readonly #path: string;
  #state: PauseList;

  /** Starts with no pause if there is no file. @throws InputError for a damaged one. */
  constructor(path: string) {
    this.#path = path;
    const text = readIfThere(path);
    this.#state = text === undefined ? { letters: {} } : parseJsonOf(pausesSchema, text, path);
  }

  /** Whether no letter may be sent now. */
  isPaused(now: UnixSeconds): boolean {
    return isBefore(this.#state.server, now);
  }

  /**
   * The letters that may be sent now. Those that were refused come after the others, and the one with which all sending
   * failed comes last: if it is the cause, the others get through.
   */
  order(names: readonly string[], now: UnixSeconds): string[] {
    const { server, letters } = this.#state;
    const rank = (name: string) =>
      name === server?.letter ? Number.POSITIVE_INFINITY : (letters[name]?.failures ?? 0);
    const due = names.filter((name) => !isBefore(letters[name], now));
    return due.sort((one, other) => (rank(one) === rank(other) ? 0 : rank(one) - rank(other)));
  }

  /** A letter was sent. */
  end(name: string): void {
    if (this.#state.server === undefined && this.#state.letters[name] === undefined) return;
    const { [name]: _, ...letters } = this.#state.letters;
    this.#write({ letters });
  }

  /** A letter was refused. @returns whether the reason is new. */
  delayLetter(name: string, reason: string, now: UnixSeconds): boolean {
    const before = this.#state.letters[name];
    const letters = { ...this.#state.letters, [name]: lengthen(before, reason, now) };
    this.#write({ letters });
    return before?.reason !== reason;
  }

  /** Nothing can be sent. @returns whether the reason is new. */
  delayAll(letter: string, reason: string, now: UnixSeconds): boolean {
    const before = this.#state.server;
    this.#write({ ...this.#state, server: { ...lengthen(before, reason, now), letter } });
    return before?.reason !== reason;
  }

  /** Forgets all letters but these. */
  keep(names: readonly string[]): void {
    const { letters, ...others } = this.#state;
    const kept = Object.entries(letters).filter(([name]) => names.includes(name));
    if (kept.length < Object.keys(letters).length) this.#write({ ...others, letters: Object.fromEntries(kept) });
  }

  #write(state: PauseList): void {
    const temporary = `${this.#path}.new`;
    const file = openSync(temporary, 'w', 0o600);
    try {
      writeFileSync(file, JSON.stringify(state));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, this.#path);
    this.#state = state;
  }
}

/** A clock that was set back must not make a pause longer than it was. */
function isBefore(pause: Pause | undefined, now: UnixSeconds): boolean {
  return pause !== undefined && now < pause.until && pause.until - now <= LONGEST_SECONDS;
}

function lengthen(before: Pause | undefined, reason: string, now: UnixSeconds): Pause {
  const failures = (before?.failures ?? 0) + 1;
  const seconds = Math.min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** (failures - 1));
  return { failures, until: now + seconds, reason };
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
