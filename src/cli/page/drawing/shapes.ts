/** Every chart is drawn in a view box of 100 by 100, stretched to the available space; y grows downwards. */
export const BOX = 100;

export interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** The share of its slot that a column fills. */
const COLUMN_WIDTH = 0.8;

/** One full row, in which each part is as wide as its share of the total. */
export function layOutShares(counts: readonly number[]): Rectangle[] {
  const total = addUp(counts);
  return counts.map((count, index) => {
    const before = addUp(counts.slice(0, index));
    return { left: scale(before, total), top: 0, right: scale(before + count, total), bottom: BOX };
  });
}

/** The filled length of a row, in percent, where `highest` would fill it. */
export function findLength(count: number, highest: number): number {
  return roundCoordinate(scale(count, highest));
}

/** Columns side by side, each a stack of parts with the first one at the bottom; `highest` would reach the top. */
export function layOutColumns(stacks: readonly (readonly number[])[], highest: number): Rectangle[][] {
  const place = BOX / stacks.length;
  return stacks.map((parts, column) => {
    const left = place * (column + (1 - COLUMN_WIDTH) / 2);
    const right = left + place * COLUMN_WIDTH;
    return parts.map((part, index) => {
      const below = addUp(parts.slice(0, index));
      return { left, right, top: BOX - scale(below + part, highest), bottom: BOX - scale(below, highest) };
    });
  });
}

/** Rectangles as the path of an SVG, without rectangles that have no area. */
export function buildPath(rectangles: readonly Rectangle[]): string {
  return rectangles
    .map(({ left, top, right, bottom }) => [left, top, right, bottom].map(roundCoordinate))
    .filter(([left, top, right, bottom]) => left !== right && top !== bottom)
    .map(([left, top, right, bottom]) => `M${left} ${top}H${right}V${bottom}H${left}Z`)
    .join('');
}

/**
 * The area below a line of steps as the path of an SVG whose view box is as wide as the list; `highest` would reach the
 * top. Where a number is not known, there is a gap.
 */
export function buildSteps(numbers: readonly (number | undefined)[], highest: number): string {
  const tops = numbers.map((number) => (number === undefined ? undefined : Math.round(BOX - scale(number, highest))));
  const parts = tops.map((top, index) => {
    if (top === undefined) return '';
    const before = tops[index - 1];
    const begin = before === undefined ? `M${index} ${BOX}` : '';
    const end = tops[index + 1] === undefined ? `V${BOX}Z` : '';
    return `${begin}${top === before ? '' : `V${top}`}h1${end}`;
  });
  return parts.join('');
}

/** The end of a scale that has space for `highest`: a round number, half of which is whole. */
export function findScaleEnd(highest: number): number {
  if (highest <= 2) return 2;
  const power = 10 ** Math.floor(Math.log10(highest));
  return [1, 2, 4, 6, 8].map((step) => step * power).find((end) => end >= highest) ?? 10 * power;
}

export function addUp(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

function scale(part: number, whole: number): number {
  return whole === 0 ? 0 : (part / whole) * BOX;
}

/** No screen is wide enough to show more precision. */
export function roundCoordinate(coordinate: number): number {
  return Math.round(coordinate * 10) / 10;
}
