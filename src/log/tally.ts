/** How much of what comes is told; everything else is counted. */
export interface TallyLimits {
  /** Subjects that are told apart; what comes of further ones goes into one sum. */
  readonly subjects: number;
  /** Subjects of which the first time is told at once. */
  readonly firsts: number;
  /** Subjects that get a count of their own at the end. */
  readonly loudest: number;
}

/** What happened so often without being told at once. */
export interface Counted<T> {
  readonly what: T;
  readonly times: number;
}

/** All that was counted: each time is in here once. */
interface Sum<T> {
  /** The most frequent first. */
  readonly loudest: readonly Counted<T>[];
  /** Who else there was, as far as they were told apart. */
  readonly others: readonly T[];
  /** What came of those, and of all that were not told apart. */
  readonly otherTimes: number;
}

/**
 * Tells what comes first and counts what comes again, for one interval of time. Bounded in memory and in what it
 * tells, whatever comes: an attacker chooses how many there are, and how often.
 */
export class Tally<T> {
  readonly #limits: TallyLimits;
  readonly #counts = new Map<string, { readonly what: T; times: number }>();
  #firsts = 0;
  #overflow = 0;

  constructor(limits: TallyLimits) {
    this.#limits = limits;
  }

  /** True for the first time of a subject: to be told at once. Otherwise it was counted, `times` times. */
  note(subject: string, what: T, times: number): boolean {
    const count = this.#counts.get(subject);
    if (count !== undefined) count.times += times;
    else if (this.#counts.size >= this.#limits.subjects) this.#overflow += times;
    else return this.#begin(subject, what, times);
    return false;
  }

  sum(): Sum<T> {
    const counted = [...this.#counts.values()].filter(({ times }) => times > 0).sort((a, b) => b.times - a.times);
    const others = counted.slice(this.#limits.loudest);
    return {
      loudest: counted.slice(0, this.#limits.loudest),
      others: others.map(({ what }) => what),
      otherTimes: others.reduce((total, { times }) => total + times, this.#overflow),
    };
  }

  #begin(subject: string, what: T, times: number): boolean {
    const isTold = this.#firsts < this.#limits.firsts;
    if (isTold) this.#firsts++;
    this.#counts.set(subject, { what, times: isTold ? 0 : times });
    return isTold;
  }
}
