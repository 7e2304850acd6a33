import type { DomainName } from '../core/values/names.ts';
import type { Log, LogFields } from '../log/log.ts';

/** Of each event. */
const MOST_LINES = 40;

type Level = 'debug' | 'info' | 'warn' | 'error';

/** The log of one pass: however many peers it is about, each event has some lines, and the rest is a number. */
export class PassLog {
  readonly #log: Log;
  readonly #domain: DomainName;
  readonly #counts = new Map<string, { readonly level: Level; readonly count: number }>();

  constructor(log: Log, domain: DomainName) {
    this.#log = log;
    this.#domain = domain;
  }

  debug(event: string, fields: LogFields): void {
    this.#note('debug', event, fields);
  }

  info(event: string, fields: LogFields): void {
    this.#note('info', event, fields);
  }

  warn(event: string, fields: LogFields): void {
    this.#note('warn', event, fields);
  }

  error(event: string, fields: LogFields): void {
    this.#note('error', event, fields);
  }

  /** Says how many more there were, to those who see such events. */
  flush(): void {
    for (const [event, { level, count }] of this.#counts)
      if (count > MOST_LINES) this.#log[level](`${event} others`, { domain: this.#domain, times: count - MOST_LINES });
    this.#counts.clear();
  }

  #note(level: Level, event: string, fields: LogFields): void {
    const count = (this.#counts.get(event)?.count ?? 0) + 1;
    this.#counts.set(event, { level, count });
    if (count <= MOST_LINES) this.#log[level](event, fields);
  }
}
