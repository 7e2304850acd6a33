import type { Config } from '../../config/config.ts';
import { countExchanges, NO_ACTIVITY, type Outcome } from '../../core/exchange/activity.ts';
import { describeError } from '../../core/values/errors.ts';
import type { DomainName } from '../../core/values/names.ts';
import type { Events } from '../../log/events.ts';
import { readClock } from '../../system/domain/moment.ts';
import { addActivity } from '../../system/store/activity.ts';

/** Writing a full day takes some 10 ms. */
const PAUSE_MILLISECONDS = 5000;

/**
 * Counts the outcomes of a domain's exchanges in a file. The first `OK`, and an exchange after some quiet seconds, are
 * written at once, all others within seconds. No timer runs while there are no exchanges.
 */
export class ActivityRecord {
  readonly #directory: string;
  readonly #domain: DomainName;
  readonly #log: Events;
  readonly #pauseMilliseconds: number;
  /** Counts that are not in the file yet. */
  #news = NO_ACTIVITY;
  #savedAtMilliseconds = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #hasComplained = false;
  /** Whether an exchange has joined: an operator who has set up a gateway looks for the first one. */
  #hasJoined = false;

  constructor({ state_directory }: Config, domain: DomainName, log: Events, pauseMilliseconds = PAUSE_MILLISECONDS) {
    this.#directory = state_directory;
    this.#domain = domain;
    this.#log = log;
    this.#pauseMilliseconds = pauseMilliseconds;
  }

  note(outcome: Outcome, times = 1): void {
    this.#news = countExchanges(this.#news, outcome, times, readClock());
    const isFirstJoin = outcome === 'joined' && !this.#hasJoined;
    this.#hasJoined ||= outcome === 'joined';
    if (isFirstJoin) this.#saveIn(0);
    else if (this.#timer === undefined)
      this.#saveIn(Math.max(0, this.#savedAtMilliseconds + this.#pauseMilliseconds - performance.now()));
  }

  #saveIn(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.save(), milliseconds);
  }

  /** Never throws: counts that cannot be written are kept for the next attempt, and the first failure is logged. */
  save(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#news.intervals.size === 0) return;
    this.#savedAtMilliseconds = performance.now();
    try {
      addActivity(this.#directory, this.#domain, this.#news, readClock());
      this.#news = NO_ACTIVITY;
      this.#hasComplained = false;
    } catch (error) {
      if (!this.#hasComplained)
        this.#log.report('activity not written', { domain: this.#domain, reason: describeError(error) });
      this.#hasComplained = true;
    }
  }
}
