import { findMedian } from '../../bench/statistics.ts';

/** Makes everything ready for one measurement; only what it returns is measured. */
export type Prepare = (turn: number) => () => unknown;

/** The milliseconds of each kind of action, in turns whose order is random. */
export async function measureInTurns(turns: number, kinds: readonly Prepare[]): Promise<number[][]> {
  const times = kinds.map((): number[] => []);
  for (let turn = 0; turn < turns; turn++) {
    const prepared = kinds.map((prepare, kind) => ({ kind, act: prepare(turn), order: Math.random() }));
    for (const { kind, act } of prepared.sort((one, other) => one.order - other.order)) {
      const start = performance.now();
      await act();
      times[kind]?.push(performance.now() - start);
    }
  }
  return times;
}

/** How two samples differ. */
export interface Difference {
  /** Of the medians, in percent of the first. */
  readonly percent: number;
  /** In standard deviations of the rank-sum test (Mann and Whitney, 1947). */
  readonly deviations: number;
}

export function compare(one: readonly number[], other: readonly number[]): Difference {
  const [first, second] = [findMedian(one), findMedian(other)];
  const percent = (Math.abs(second - first) / first) * 100;
  const ranked = [...one.map((time) => ({ time, isOne: true })), ...other.map((time) => ({ time, isOne: false }))];
  ranked.sort((a, b) => a.time - b.time);
  const ranks = ranked.reduce((sum, { isOne }, index) => sum + (isOne ? index + 1 : 0), 0);
  const [n, m] = [one.length, other.length];
  const expected = (n * (n + m + 1)) / 2;
  const deviation = Math.sqrt((n * m * (n + m + 1)) / 12);
  return { percent, deviations: Math.abs(ranks - expected) / deviation };
}
