import fc from 'fast-check';
import type { Target } from './targets/target.ts';

export interface CampaignOptions {
  /** The same seed makes the same runs. */
  readonly seed: number;
  /** The least number of inputs. */
  readonly inputs: number;
  /** Gets a line about the progress now and then. */
  report(line: string): void;
}

interface Fault {
  readonly error: unknown;
  readonly inputs: number;
  readonly atMilliseconds: number;
}

/** Limits of the search for a smaller run that fails. */
const SEARCH_MILLISECONDS = 60_000;
const SEARCH_RUNS = 500;
const SHOWN_CHARACTERS = 5000;
const REPORT_MILLISECONDS = 10_000;

/** Tries a target's corpus, then rounds of runs from its arbitrary, until there were enough inputs. */
export class Campaign<Run> {
  readonly #target: Target<Run>;
  readonly #start = performance.now();
  #reportedAt = this.#start;
  #inputs = 0;
  #fault: Fault | undefined;

  constructor(target: Target<Run>) {
    this.#target = target;
  }

  /**
   * Resolves with a summary line. Rejects at the first run whose outcome the contract does not allow, with the
   * smallest similar run that was found.
   */
  async run({ seed, inputs, report }: CampaignOptions): Promise<string> {
    const { corpus, runsPerRound } = this.#target;
    await this.#runRound({ seed, numRuns: corpus.length, examples: corpus.map((run) => [run]) });
    let progress = await this.#describeProgress();
    for (let round = seed; this.#inputs < inputs; round++) {
      await this.#runRound({ seed: round, numRuns: runsPerRound });
      progress = await this.#describeProgress();
      if (this.#isTimeToReport()) report(progress);
    }
    await this.#target.finish();
    return progress;
  }

  async #runRound(parameters: fc.Parameters<[Run]>): Promise<void> {
    const runs = fc.limitShrink(this.#target.runs, SEARCH_RUNS);
    const property = fc.asyncProperty(runs, (run) => this.#tryOrGiveUp(run));
    const { failed, counterexample, errorInstance } = await fc.check(property, parameters);
    if (!failed) return;
    const where = `${this.#target.name}, seed ${parameters.seed}, after ${this.#fault?.inputs} inputs`;
    const smallest = counterexample === null ? '' : this.#target.print(counterexample[0]).slice(0, SHOWN_CHARACTERS);
    const faults = `${describe(this.#fault?.error)}\n\nThe smallest similar run: ${describe(errorInstance)}`;
    throw new Error(`${where}: ${faults}\n\n${smallest}`);
  }

  /** After a fault, fast-check looks for smaller ones; when time is up, the remaining runs are skipped as good ones. */
  async #tryOrGiveUp(run: Run): Promise<void> {
    const since = this.#fault?.atMilliseconds ?? performance.now();
    if (performance.now() - since < SEARCH_MILLISECONDS) await this.#try(run);
  }

  async #try(run: Run): Promise<void> {
    this.#inputs += this.#target.count(run);
    await this.#target.check(run).catch((error) => {
      this.#fault ??= { error, inputs: this.#inputs, atMilliseconds: performance.now() };
      throw error;
    });
  }

  #isTimeToReport(): boolean {
    const isTime = performance.now() - this.#reportedAt > REPORT_MILLISECONDS;
    if (isTime) this.#reportedAt = performance.now();
    return isTime;
  }

  async #describeProgress(): Promise<string> {
    const perSecond = Math.round(this.#inputs / ((performance.now() - this.#start) / 1000));
    const observed = await this.#target.observe(this.#inputs);
    return `${this.#target.name}: ${this.#inputs} inputs, ${perSecond} per second${observed}`;
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
