import type { Config } from '../config.ts';
import { countExchanges, NO_ACTIVITY, type Outcome } from '../core/activity.ts';
import type { DomainName } from '../core/domain.ts';
import { describeError } from '../errors.ts';
import type { Events } from '../log.ts';
import { addActivity } from '../system/activity.ts';
import { readClock } from '../system/moment.ts';

const PAUSE_MILLISECONDS = 60_000;

/**
 * Counts how the exchanges of a domain end, for whoever looks at it. What comes after a quiet minute is in the file at
 * once, what comes after that within a minute. No timer runs while nothing comes.
 */
export class ActivityRecord {
  readonly #directory: string;
  readonly #domain: DomainName;
  readonly #log: Events;
  readonly #pauseMilliseconds: number;
  /** What the file does not have yet. */
  #news = NO_ACTIVITY;
  #savedAtMilliseconds = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #hasComplained = false;

  constructor({ state_directory }: Config, domain: DomainName, log: Events, pauseMilliseconds = PAUSE_MILLISECONDS) {
    this.#directory = state_directory;
    this.#domain = domain;
    this.#log = log;
    this.#pauseMilliseconds = pauseMilliseconds;
  }

  note(outcome: Outcome, times = 1): void {
    this.#news = countExchanges(this.#news, outcome, times, readClock());
    this.#timer ??= setTimeout(
      () => this.save(),
      Math.max(0, this.#savedAtMilliseconds + this.#pauseMilliseconds - performance.now()),
    );
  }

  /** Never throws: what cannot be written waits for the next time, and the first complaint says why. */
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
        this.#log.warn('could not save the activity', { domain: this.#domain, reason: describeError(error) });
      this.#hasComplained = true;
    }
  }
}
