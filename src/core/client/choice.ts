/** Gateways in an order by chance, so that clients spread; the one used last comes at the end. */
export function orderByChance<T>(gateways: readonly T[], last: T | undefined, chance: () => number): T[] {
  const order = shuffle(gateways, chance);
  return [...order.filter((gateway) => gateway !== last), ...order.filter((gateway) => gateway === last)];
}

/**
 * Those whose connection times were compared come first if they answered, the nearest first; then those that were not
 * asked. Those that did not answer come last: each of them may cost the whole time of an exchange.
 *
 * @param times milliseconds of those that were asked; undefined for no answer
 */
export function orderByTimes<T>(order: readonly T[], times: ReadonlyMap<T, number | undefined>): T[] {
  const answered = order.filter((gateway) => times.get(gateway) !== undefined);
  const unasked = order.filter((gateway) => !times.has(gateway));
  const silent = order.filter((gateway) => times.has(gateway) && times.get(gateway) === undefined);
  // Equal times keep the order by chance: sort is stable.
  answered.sort((one, other) => (times.get(one) ?? 0) - (times.get(other) ?? 0));
  return [...answered, ...unasked, ...silent];
}

/** The middle one, of an even number the smaller one; undefined if there is none. */
export function findMedian(times: readonly number[]): number | undefined {
  return [...times].sort((one, other) => one - other)[Math.floor((times.length - 1) / 2)];
}

/** Fisher and Yates. `chance` is at least 0 and less than 1. */
function shuffle<T>(list: readonly T[], chance: () => number): T[] {
  const left = [...list];
  return list.flatMap(() => left.splice(Math.floor(chance() * left.length), 1));
}
