import { findWarning, type WarningDays } from '../../core/client/end-date.ts';
import type { Look } from '../../core/client/messages.ts';
import { REFUSALS } from '../../core/client/refusals.ts';
import type { Events } from '../../log/events.ts';
import type { Clocks } from './options.ts';

const ENDS: Readonly<Record<WarningDays, string>> = {
  7: 'within a week; ask the operator to extend the lease',
  1: 'within a day; ask the operator to extend the lease',
  0: REFUSALS.EXPIRED,
};

/** Warns of the end date of the lease, once for each time; before that, the gateway says whether it was extended. */
export class EndDate {
  readonly #clocks: Clocks;
  readonly #events: Events;
  /** The end date and how near it was, when the gateway was asked and when it was warned of. */
  #asked = '';
  #warned = '';

  constructor(clocks: Clocks, events: Events) {
    this.#clocks = clocks;
    this.#events = events;
  }

  /** Warns if the gateway has been asked, and the end date is still as near. */
  isToBeAsked({ expires }: Look): boolean {
    const days = findWarning(expires, this.#clocks.unix());
    const warning = `${expires} ${days}`;
    if (days === undefined || warning === this.#warned) return false;
    if (warning !== this.#asked) {
      this.#asked = warning;
      return true;
    }
    this.#warned = warning;
    if (days === 0) this.#events.report('lease over', { reason: ENDS[days] });
    else this.#events.report('lease ends', { days, reason: ENDS[days] });
    return false;
  }
}
