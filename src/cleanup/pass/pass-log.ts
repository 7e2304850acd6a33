import type { DomainName } from '../../core/values/names.ts';
import type { EventName, Events, FieldsOf } from '../../log/events.ts';
import type { Log, LogFields } from '../../log/log.ts';

/** For each event. */
const MOST_LINES = 40;

/**
 * The log of one pass. However many peers there are, it has a limited number of lines for each event, and counts the
 * rest. Lines of a dry run say so first.
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

  /** Logs how many more there were of each event, at its level. */
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
