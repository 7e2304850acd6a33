import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { Tally } from '../../src/log/tally.ts';

const LIMITS = { subjects: 6, firsts: 3, loudest: 2 };

test('the first occurrence of a subject is reported at once and not counted', () => {
  const tally = new Tally<string>(LIMITS);
  assert.deepEqual([note(tally, 'a'), note(tally, 'b')], [true, true]);
  assert.deepEqual(tally.sum(), { loudest: [], others: [], otherTimes: 0 });
});

test('repeats are counted, the most frequent first', () => {
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

test('an occurrence of several at once counts as that many', () => {
  const tally = new Tally<string>(LIMITS);
  tally.note('a', 'a', 256);
  tally.note('a', 'a', 30);
  tally.note('a', 'a', 4);
  assert.deepEqual(tally.sum().loudest, [{ what: 'a', times: 34 }]);
});

test('beyond the limit of subjects, even a first occurrence is only counted', () => {
  const tally = new Tally<string>(LIMITS);
  assert.deepEqual(
    ['a', 'b', 'c', 'd', 'd'].map((subject) => note(tally, subject)),
    [true, true, true, false, false],
  );
  assert.deepEqual(tally.sum().loudest, [{ what: 'd', times: 2 }]);
});

test('all but the most frequent subjects share one number with those that were not told apart', () => {
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

test('each occurrence is either reported or counted, and reports stay within the limits', () => {
  fc.assert(
    fc.property(limits, notes, (some, list) => {
      const tally = new Tally<string>(some);
      const told = list.filter(([subject, times]) => tally.note(subject, subject, times));
      const { loudest, others, otherTimes } = tally.sum();
      const counted = loudest.reduce((total, { times }) => total + times, otherTimes);
      assert.equal(total(told) + counted, total(list));
      assert.ok(told.length <= some.firsts && loudest.length <= some.loudest);
      assert.ok(
        loudest.length + others.length <= some.subjects,
        'no more subjects are remembered than the limit allows',
      );
    }),
  );
});

test('a subject is reported at most once, and its count is exact', () => {
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
