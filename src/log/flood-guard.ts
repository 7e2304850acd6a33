import { deriveSource, type IpAddress } from '../core/values/ip-address.ts';
import type { EventName, Events, FieldsOf } from './events.ts';
import type { Log, LogFields } from './log.ts';
import { Tally, type TallyLimits } from './tally.ts';

/** Which occurrences of an event are the same, and how much each of them counts. */
interface Counting {
  /** The fields in which they agree; by default all. */
  readonly by?: readonly string[];
  readonly times?: number;
}

const INTERVAL_SECONDS = 60;
/** For each event: about 2 MB, and at most 111 lines in an interval. */
const LIMITS: TallyLimits = { subjects: 4096, firsts: 100, loudest: 10 };
/** After a reboot of the gateway, all routers come back within a minute, each with a line of its own. */
const STORM_LIMITS: Readonly<Partial<Record<EventName, TallyLimits>>> = { admitted: { ...LIMITS, firsts: 2000 } };

/**
 * The log for events that anybody can cause as often as they like. The first occurrence is logged at once; further ones
 * within a minute become one line with their number: `refused again … times=123 seconds=60`. All addresses of a source
 * count as the same. No timer runs while nothing happens.
 */
export class Attention implements Events {
  readonly #log: Log;
  readonly #intervalSeconds: number;
  readonly #tallies = new Map<EventName, Tally<LogFields>>();
  #sinceMilliseconds = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(log: Log, intervalSeconds = INTERVAL_SECONDS) {
    this.#log = log;
    this.#intervalSeconds = intervalSeconds;
  }

  /** Takes the addresses of clients, not of sources. */
  report<E extends EventName>(event: E, fields: FieldsOf<E>, { by, times = 1 }: Counting = {}): void {
    if (this.#timer === undefined) this.#startInterval();
    const same = findSame(fields, by);
    const isFirst = this.#findTally(event).note(JSON.stringify(same), same, times);
    if (isFirst) this.#log.report(event, fields);
  }

  /** Writes the counts and starts again from zero; also to be called before the process ends. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const seconds = Math.round((performance.now() - this.#sinceMilliseconds) / 1000);
    for (const [event, tally] of this.#tallies) this.#sum(event, tally, seconds);
    this.#tallies.clear();
  }

  #startInterval(): void {
    this.#sinceMilliseconds = performance.now();
    this.#timer = setTimeout(() => this.flush(), this.#intervalSeconds * 1000).unref();
  }

  #findTally(event: EventName): Tally<LogFields> {
    const tally = this.#tallies.get(event) ?? new Tally<LogFields>(STORM_LIMITS[event] ?? LIMITS);
    this.#tallies.set(event, tally);
    return tally;
  }

  #sum(event: EventName, tally: Tally<LogFields>, seconds: number): void {
    const { loudest, others, otherTimes } = tally.sum();
    for (const { what, times } of loudest) this.#log.reportAs(`${event} again`, event, { ...what, times, seconds });
    const sources = new Set(others.map((fields) => fields['from']).filter((from) => from !== undefined)).size;
    const bySources = sources === 0 ? {} : { sources };
    if (otherTimes > 0) this.#log.reportAs(`${event} others`, event, { ...bySources, times: otherTimes, seconds });
  }
}

function findSame(fields: LogFields, by: readonly string[] = Object.keys(fields)): LogFields {
  const same: LogFields = Object.fromEntries(by.map((name) => [name, fields[name]]));
  return same['from'] === undefined ? same : { ...same, from: deriveSource(same['from'] as IpAddress) };
}
