import type fc from 'fast-check';

/** Something to fuzz. A run is what is tried at once, and consists of inputs. */
export interface Target<Run> {
  readonly name: string;
  /** Interesting runs, which come first. */
  readonly corpus: readonly Run[];
  readonly runs: fc.Arbitrary<Run>;
  /** How many runs are a round, after which there is something to report. */
  readonly runsPerRound: number;
  count(run: Run): number;
  /** As an entry of the corpus. */
  print(run: Run): string;
  /** Rejects where something happened that the contract does not allow. */
  check(run: Run): Promise<void>;
  /** After each round: what else a person may want to know. */
  observe(inputs: number): Promise<string>;
  /** After the last round: rejects where something was not given back. */
  finish(): Promise<void>;
  close(): Promise<void>;
}

type Essentials<Run> = Pick<Target<Run>, 'name' | 'corpus' | 'runs' | 'print' | 'check'>;

/** A target within this process: a run is one input, and there is nothing to set up. */
export function buildLocalTarget<Run>(essentials: Essentials<Run>): Target<Run> {
  return {
    runsPerRound: 2000,
    count: () => 1,
    observe: async () => '',
    finish: async () => {},
    close: async () => {},
    ...essentials,
  };
}
