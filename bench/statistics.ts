export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

export function findMedian(values: readonly number[]): number {
  return findQuantile(
    [...values].sort((a, b) => a - b),
    0.5,
  );
}

/** The nearest rank of rising values; NaN where there are none. */
export function findQuantile(rising: readonly number[], quantile: number): number {
  return rising[Math.max(0, Math.ceil(rising.length * quantile) - 1)] ?? Number.NaN;
}
