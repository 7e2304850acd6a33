import fc from 'fast-check';
import type { Target } from './targets/target.ts';

export interface CampaignOptions {
  /** The same seed makes the same runs. */
  readonly seed: number;
  /** So many at least. */
  readonly inputs: number;
  /** Takes a line about how far it is, after each round. */
  report(line: string): void;
}

interface Fault {
  readonly error: unknown;
  readonly inputs: number;
  readonly atMilliseconds: number;
}

/** To find a smaller run that fails. */
const SEARCH_MILLISECONDS = 60_000;
const SHOWN_CHARACTERS = 5000;

/** Tries a target's corpus, then round after round of what its arbitrary makes, until it has had enough inputs. */
export class Campaign<Run> {
  readonly #target: Target<Run>;
  readonly #start = performance.now();
  #inputs = 0;
  #fault: Fault | undefined;

  constructor(target: Target<Run>) {
    this.#target = target;
  }

  /** Rejects at the first run that the contract does not allow, with the smallest one like it that is found. */
  async run({ seed, inputs, report }: CampaignOptions): Promise<void> {
    for (const run of this.#target.corpus) await this.#try(run);
    for (let round = seed; this.#inputs < inputs; round++) {
      await this.#runRound(round);
      report(await this.#describeProgress());
    }
    await this.#target.finish();
  }

  async #runRound(seed: number): Promise<void> {
    const property = fc.asyncProperty(this.#target.runs, (run) => this.#tryOrGiveUp(run));
    const details = await fc.check(property, { seed, numRuns: this.#target.runsPerRound });
    if (!details.failed) return;
    const { name } = this.#target;
    const first = `${name}, seed ${seed}, after ${this.#fault?.inputs} inputs: ${describe(this.#fault?.error)}`;
    const smallest = details.counterexample === null ? '' : this.#target.print(details.counterexample[0]);
    const last = `The smallest run like it: ${describe(details.errorInstance)}\n\n${smallest.slice(0, SHOWN_CHARACTERS)}`;
    throw new Error(`${first}\n\n${last}`);
  }

  /** Once there is a fault, fast-check looks for smaller ones; for which each run that is passed over is good. */
  async #tryOrGiveUp(run: Run): Promise<void> {
    const since = this.#fault?.atMilliseconds ?? performance.now();
    if (performance.now() - since < SEARCH_MILLISECONDS) await this.#try(run);
  }

  async #try(run: Run): Promise<void> {
    this.#inputs += this.#target.count(run);
    await this.#target.check(run).catch((error) => {
      if (this.#fault === undefined)
        console.log('FAULT', describe(error).slice(0, 1000), performance.now() - this.#start);
      this.#fault ??= { error, inputs: this.#inputs, atMilliseconds: performance.now() };
      throw error;
    });
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
