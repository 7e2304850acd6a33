import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { Tally } from '../../src/log/tally.ts';

const LIMITS = { subjects: 6, firsts: 3, loudest: 2 };

test('the first time of a subject is told at once, and not counted', () => {
  const tally = new Tally<string>(LIMITS);
  assert.deepEqual([note(tally, 'a'), note(tally, 'b')], [true, true]);
  assert.deepEqual(tally.sum(), { loudest: [], others: [], otherTimes: 0 });
});

test('what comes again is counted, the loudest first', () => {
  const tally = new Tally<string>(LIMITS);
  assert.deepEqual(
    ['a', 'a', 'b', 'b', 'b'].map((subject) => note(tally, subject)),
    [true, false, true, false, false],
  );
  assert.deepEqual(tally.sum(), {
    loudest: [
      { what: 'b', times: 2 },
      { what: 'a', times: 1 },
    ],
    others: [],
    otherTimes: 0,
  });
});

test('what comes many times at once counts so many times', () => {
  const tally = new Tally<string>(LIMITS);
  tally.note('a', 'a', 256);
  tally.note('a', 'a', 30);
  tally.note('a', 'a', 4);
  assert.deepEqual(tally.sum().loudest, [{ what: 'a', times: 34 }]);
});

test('beyond so many subjects even the first time is only counted', () => {
  const tally = new Tally<string>(LIMITS);
  assert.deepEqual(
    ['a', 'b', 'c', 'd', 'd'].map((subject) => note(tally, subject)),
    [true, true, true, false, false],
  );
  assert.deepEqual(tally.sum().loudest, [{ what: 'd', times: 2 }]);
});

test('beyond the loudest the others are one number, with all that were not told apart', () => {
  const tally = new Tally<string>(LIMITS);
  for (const subject of [...'abcdefghi', ...'ddeef']) note(tally, subject);
  assert.deepEqual(tally.sum(), {
    loudest: [
      { what: 'd', times: 3 },
      { what: 'e', times: 3 },
    ],
    others: ['f'],
    otherTimes: 2 + 3,
  });
});

const subjects = fc.integer({ min: 0, max: 20 }).map((number) => `192.0.2.${number}`);
const notes = fc.array(fc.tuple(subjects, fc.integer({ min: 1, max: 300 })), { maxLength: 200 });
const limits = fc.record({
  subjects: fc.integer({ min: 0, max: 25 }),
  firsts: fc.integer({ min: 0, max: 10 }),
  loudest: fc.integer({ min: 0, max: 5 }),
});

test('whatever comes, each time is either told or counted, and told as seldom as was agreed', () => {
  fc.assert(
    fc.property(limits, notes, (some, list) => {
      const tally = new Tally<string>(some);
      const told = list.filter(([subject, times]) => tally.note(subject, subject, times));
      const { loudest, others, otherTimes } = tally.sum();
      const counted = loudest.reduce((total, { times }) => total + times, otherTimes);
      assert.equal(total(told) + counted, total(list));
      assert.ok(told.length <= some.firsts && loudest.length <= some.loudest);
      assert.ok(loudest.length + others.length <= some.subjects, 'no more are remembered than may be');
    }),
  );
});

test('whatever comes, a subject is told once at most, and its count is exact', () => {
  fc.assert(
    fc.property(limits, notes, (some, list) => {
      const tally = new Tally<string>(some);
      const told = list.filter(([subject, times]) => tally.note(subject, subject, times));
      assert.equal(new Set(told.map(([subject]) => subject)).size, told.length);
      const { loudest, others } = tally.sum();
      for (const { what, times } of loudest) {
        const isSame = ([subject]: readonly [string, number]) => subject === what;
        assert.equal(times, total(list.filter(isSame)) - total(told.filter(isSame)));
      }
      const quietest = loudest.at(-1)?.times ?? Number.POSITIVE_INFINITY;
      for (const other of others) {
        const isOther = ([subject]: readonly [string, number]) => subject === other;
        assert.ok(total(list.filter(isOther)) - total(told.filter(isOther)) <= quietest);
      }
    }),
  );
});

function note(tally: Tally<string>, subject: string): boolean {
  return tally.note(subject, subject, 1);
}

function total(list: readonly (readonly [string, number])[]): number {
  return list.reduce((sum, [, times]) => sum + times, 0);
}
