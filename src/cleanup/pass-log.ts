import type { DomainName } from '../core/domain.ts';
import type { Log, LogFields } from '../log.ts';

/** Of each event. */
const MOST_LINES = 40;

/** The log of one pass: however many peers it is about, each event has some lines, and the rest is a number. */
export class PassLog {
  readonly #log: Log;
  readonly #domain: DomainName;
  readonly #counts = new Map<string, number>();

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

  /** Says how many more there were. */
  flush(): void {
    for (const [event, count] of this.#counts)
      if (count > MOST_LINES) this.#log.info(`${event} others`, { domain: this.#domain, times: count - MOST_LINES });
    this.#counts.clear();
  }

  #note(level: 'debug' | 'info' | 'warn' | 'error', event: string, fields: LogFields): void {
    const count = (this.#counts.get(event) ?? 0) + 1;
    this.#counts.set(event, count);
    if (count <= MOST_LINES) this.#log[level](event, fields);
  }
}
