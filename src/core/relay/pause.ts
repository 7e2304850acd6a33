const SHORTEST_SECONDS = 1;
const LONGEST_SECONDS = 60;

/**
 * How long a client waits before it connects again, after `failures` connections in a row that brought nothing.
 * `chance` is between 0 and 1: after a restart of the server, its clients come back one by one.
 */
export function derivePauseSeconds(failures: number, chance: number): number {
  const most = Math.min(LONGEST_SECONDS, 2 ** (failures + 1) * SHORTEST_SECONDS);
  return SHORTEST_SECONDS + chance * (most - SHORTEST_SECONDS);
}
