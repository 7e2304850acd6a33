/** How much is reported; everything else is counted. */
export interface TallyLimits {
  /** Subjects with a count of their own; all further ones share one sum. */
  readonly subjects: number;
  /** Subjects whose first occurrence is reported at once. */
  readonly firsts: number;
  /** Subjects that get a count of their own at the end. */
  readonly loudest: number;
}

/** A subject, and how often it occurred without being reported at once. */
export interface Counted<T> {
  readonly what: T;
  readonly times: number;
}

/** All counts: each occurrence is in here once. */
interface Sum<T> {
  /** The most frequent first. */
  readonly loudest: readonly Counted<T>[];
  /** The other subjects that had a count of their own. */
  readonly others: readonly T[];
  /** The occurrences of those, and of all subjects that were not told apart. */
  readonly otherTimes: number;
}

/**
 * Reports first occurrences and counts further ones, for one interval of time. Always bounded in memory and in the
 * number of reports: an attacker chooses how many subjects there are, and how often they occur.
 */
export class Tally<T> {
  readonly #limits: TallyLimits;
  readonly #counts = new Map<string, { readonly what: T; times: number }>();
  #firsts = 0;
  #overflow = 0;

  constructor(limits: TallyLimits) {
    this.#limits = limits;
  }

  /** True for the first occurrence of a subject: report it at once. Otherwise it was counted, `times` times. */
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
