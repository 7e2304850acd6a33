import type fc from 'fast-check';

/** Something to fuzz. A run consists of inputs that are tried at once. */
export interface Target<Run> {
  readonly name: string;
  /** Interesting runs, which come first. */
  readonly corpus: readonly Run[];
  readonly runs: fc.Arbitrary<Run>;
  /** The number of runs in a round, after which progress can be reported. */
  readonly runsPerRound: number;
  count(run: Run): number;
  /** The run as an entry of the corpus. */
  print(run: Run): string;
  /** Rejects if something happened that the contract does not allow. */
  check(run: Run): Promise<void>;
  /** After each round: further text for the progress line. */
  observe(inputs: number): Promise<string>;
  /** After the last round: rejects if something was not released. */
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
