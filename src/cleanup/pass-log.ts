import type { DomainName } from '../core/values/names.ts';
import type { EventName, Events, FieldsOf } from '../log/events.ts';
import type { Log, LogFields } from '../log/log.ts';

/** Of each event. */
const MOST_LINES = 40;

/**
 * The log of one pass: however many peers it is about, each event has some lines, and the rest is a number. Lines of a
 * dry run say so first.
 */
export class PassLog implements Events {
  readonly #log: Log;
  readonly #domain: DomainName;
  readonly #isDry: boolean;
  readonly #counts = new Map<EventName, number>();

  constructor(log: Log, domain: DomainName, isDry = false) {
    this.#log = log;
    this.#domain = domain;
    this.#isDry = isDry;
  }

  report<E extends EventName>(event: E, fields: FieldsOf<E>): void {
    const count = (this.#counts.get(event) ?? 0) + 1;
    this.#counts.set(event, count);
    if (count <= MOST_LINES) this.#write(event, event, fields);
  }

  /** Says how many more there were, at the level of such events. */
  flush(): void {
    for (const [event, count] of this.#counts)
      if (count > MOST_LINES)
        this.#write(`${event} others`, event, { domain: this.#domain, times: count - MOST_LINES });
    this.#counts.clear();
  }

  #write(words: string, event: EventName, fields: LogFields): void {
    this.#log.reportAs(this.#isDry ? `dry run: ${words}` : words, event, fields);
  }
}
