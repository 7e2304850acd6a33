import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  addUp,
  BOX,
  buildPath,
  buildSteps,
  findLength,
  findScaleEnd,
  layOutColumns,
  layOutShares,
  type Rectangle,
} from '../../../src/cli/page/drawing/shapes.ts';

const numbers = fc.oneof(fc.nat(3), fc.nat(5000), fc.maxSafeNat());
/** Rounding errors of the largest numbers are too small to see. */
const NEARLY = 1e-6;

function assertInside({ left, top, right, bottom }: Rectangle): void {
  assert.ok(0 <= left && left <= right && right <= BOX, `from ${left} to ${right}`);
  assert.ok(-NEARLY <= top && top <= bottom + NEARLY && bottom <= BOX, `from ${top} down to ${bottom}`);
}

/** The rectangles of a path as left, top, right and bottom; fails if the path draws anything else. */
function readPath(path: string): number[][] {
  const parts = path.split('Z').slice(0, -1);
  return parts.map((part) => {
    const [, left = '', top = '', right = '', bottom = '', back = ''] =
      part.match(/^M([\d.]+) ([\d.]+)H([\d.]+)V([\d.]+)H([\d.]+)$/) ?? [];
    assert.equal(back, left, part);
    return [left, top, right, bottom].map(Number);
  });
}

describe('shares of a row', () => {
  const CASES = [
    [
      'with several parts are as wide as their numbers',
      [3, 0, 1],
      [
        [0, 75],
        [75, 75],
        [75, 100],
      ],
    ],
    [
      'with one part fill it',
      [0, 7],
      [
        [0, 0],
        [0, 100],
      ],
    ],
    [
      'without anything have no width',
      [0, 0],
      [
        [0, 0],
        [0, 0],
      ],
    ],
  ] as const;
  for (const [name, counts, expected] of CASES) {
    test(name, () => {
      assert.deepEqual(
        layOutShares(counts).map(({ left, right }) => [left, right]),
        expected,
      );
    });
  }

  test('follow one another, fill the row, and stay inside the box', () => {
    fc.assert(
      fc.property(fc.array(numbers, { minLength: 1, maxLength: 6 }), (counts) => {
        const shares = layOutShares(counts);
        shares.forEach(assertInside);
        assert.deepEqual(
          shares.slice(1).map(({ left }) => left),
          shares.slice(0, -1).map(({ right }) => right),
        );
        assert.equal(shares.at(-1)?.right, addUp(counts) === 0 ? 0 : BOX);
      }),
    );
  });
});

test('a bar is as long as its share of the longest one', () => {
  assert.deepEqual(
    [findLength(1, 4), findLength(2, 3), findLength(4, 4), findLength(0, 4), findLength(0, 0)],
    [25, 66.7, 100, 0, 0],
  );
});

describe('columns', () => {
  test('start at the bottom, one part on top of another', () => {
    const [first = [], second = []] = layOutColumns(
      [
        [1, 2],
        [0, 4],
      ],
      4,
    );
    assert.equal(buildPath(first), 'M5 75H45V100H5ZM5 25H45V75H5Z');
    assert.equal(buildPath(second), 'M55 0H95V100H55Z');
  });

  test('stay inside the box, do not overlap, and are as high as their numbers', () => {
    const stacks = fc.array(fc.array(numbers, { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(stacks, (stacks) => {
        const sums = stacks.map(addUp);
        const end = findScaleEnd(Math.max(...sums));
        const columns = layOutColumns(stacks, end);
        columns.flat().forEach(assertInside);
        columns.forEach((parts, index) => {
          const top = parts.at(-1)?.top ?? Number.NaN;
          assert.ok(Math.abs(BOX - top - ((sums[index] ?? 0) / end) * BOX) < NEARLY);
          const right = columns[index - 1]?.[0]?.right ?? 0;
          assert.ok((parts[0]?.left ?? 0) > right, 'a gap');
        });
      }),
    );
  });
});

describe('a path', () => {
  test('has only rectangles with an area', () => {
    const columns = layOutColumns(
      [
        [1, 2],
        [0, 4],
      ],
      4,
    ).flat();
    assert.equal(buildPath(columns), 'M5 75H45V100H5ZM5 25H45V75H5ZM55 0H95V100H55Z');
    assert.equal(buildPath(layOutShares([0, 0])), '');
  });

  test('never leaves the view box', () => {
    const stacks = fc.array(fc.array(numbers, { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(stacks, (stacks) => {
        const end = findScaleEnd(Math.max(...stacks.map(addUp)));
        const path = buildPath([...layOutColumns(stacks, end).flat(), ...stacks.flatMap(layOutShares)]);
        for (const corners of readPath(path)) for (const at of corners) assert.ok(at >= 0 && at <= BOX, path);
      }),
    );
  });
});

describe('steps', () => {
  test('are as high as their numbers, with gaps where nothing is known', () => {
    assert.equal(buildSteps([1, 1, 4, undefined, 2], 4), 'M0 100V75h1h1V0h1V100ZM4 100V50h1V100Z');
    assert.equal(buildSteps([undefined, undefined], 2), '');
  });

  test('never leave the view box', () => {
    const list = fc.array(fc.option(numbers, { nil: undefined }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(list, (list) => {
        const path = buildSteps(list, findScaleEnd(Math.max(0, ...list.map((number) => number ?? 0))));
        for (const [, top] of path.matchAll(/V(\d+)/g)) assert.ok(Number(top) >= 0 && Number(top) <= BOX, path);
        assert.equal(path.split('h1').length - 1, list.filter((number) => number !== undefined).length);
        assert.equal(path.split('M').length, path.split('Z').length, 'each part is closed');
      }),
    );
  });
});

describe('the end of a scale', () => {
  const CASES = [
    [0, 2],
    [1, 2],
    [2, 2],
    [3, 4],
    [5, 6],
    [9, 10],
    [10, 10],
    [11, 20],
    [36, 40],
    [99, 100],
    [1001, 2000],
    [41_000_000, 60_000_000],
  ] as const;
  for (const [highest, end] of CASES) test(`for ${highest} is ${end}`, () => assert.equal(findScaleEnd(highest), end));

  test('has space for all numbers, is at most twice as far, and has a whole half', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (highest) => {
        const end = findScaleEnd(highest);
        assert.ok(end >= highest && end <= Math.max(2, 2 * highest) && Number.isInteger(end / 2), `${end}`);
      }),
    );
  });
});
