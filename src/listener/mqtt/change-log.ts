import { RecentCount } from '../../core/fleet/recent-count.ts';
import type { EventName, Events, FieldsOf } from '../../log/events.ts';
import type { Attention } from '../../log/flood-guard.ts';
import type { Log } from '../../log/log.ts';

const SECONDS = 60;
/** Further ones within a minute are only counted. */
const MOST_LINES = 10;

/** The log for changes of the connection: a line for each, but not for those of one that comes and goes all the time. */
export class ChangeLog implements Events {
  readonly #log: Log;
  readonly #attention: Attention;
  readonly #recent = new RecentCount(SECONDS);

  constructor(log: Log, attention: Attention) {
    this.#log = log;
    this.#attention = attention;
  }

  report<E extends EventName>(event: E, fields: FieldsOf<E>): void {
    const isFlood = this.#recent.count(performance.now()) >= MOST_LINES;
    if (isFlood) this.#attention.report(event, fields);
    else this.#log.report(event, fields);
    if (!isFlood) this.#recent.note(performance.now());
  }
}
