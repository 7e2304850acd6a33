import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { findMedian, orderByChance, orderByTimes } from '../../../src/core/client/choice.ts';

const gateways = fc.uniqueArray(fc.string(), { maxLength: 8 });
const chances = fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }));
const times = fc.dictionary(fc.string(), fc.option(fc.nat(2000), { nil: undefined }));

describe('an order by chance', () => {
  test('has each gateway once, and the one used last at the end', () => {
    fc.assert(
      fc.property(gateways, fc.nat(), chances, (list, last, chance) => {
        const used = list[last % (list.length + 1)];
        const order = orderByChance(list, used, () => chance.next().value);
        assert.deepEqual([...order].sort(), [...list].sort());
        if (used !== undefined) assert.equal(order.at(-1), used);
      }),
    );
  });

  test('puts each of three gateways first about equally often', () => {
    const firsts = { a: 0, b: 0, c: 0 };
    for (let round = 0; round < 3000; round++)
      firsts[orderByChance(['a', 'b', 'c'] as const, undefined, Math.random)[0] ?? 'a']++;
    for (const [gateway, times] of Object.entries(firsts))
      assert.ok(times > 800 && times < 1200, `${gateway}: ${times}`);
  });

  test('puts each of the others first about equally often', () => {
    let firsts = 0;
    for (let round = 0; round < 2000; round++)
      if (orderByChance(['a', 'b', 'c'], 'a', Math.random)[0] === 'b') firsts++;
    assert.ok(firsts > 800 && firsts < 1200, `${firsts}`);
  });
});

describe('an order by times', () => {
  test('begins with those that answered, the nearest first, and ends with the silent ones', () => {
    const asked = new Map([
      ['far', 90],
      ['silent', undefined],
      ['near', 3],
    ]);
    assert.deepEqual(orderByTimes(['silent', 'far', 'unasked', 'near'], asked), ['near', 'far', 'unasked', 'silent']);
  });

  test('has each gateway once, in groups, and keeps the order by chance within the last two', () => {
    fc.assert(
      fc.property(gateways, times, (list, asked) => {
        const known = new Map(Object.entries(asked));
        const order = orderByTimes(list, known);
        const rank = (gateway: string) => known.get(gateway) ?? (known.has(gateway) ? 1e9 : 1e6);
        assert.deepEqual([...order].sort(), [...list].sort());
        for (const [index, gateway] of order.entries()) {
          const next = order[index + 1] ?? gateway;
          assert.ok(rank(gateway) <= rank(next));
          if (rank(gateway) === rank(next)) assert.ok(list.indexOf(gateway) <= list.indexOf(next));
        }
      }),
    );
  });
});

test('the median is the middle of what was measured', () => {
  assert.deepEqual(
    [[], [5], [9, 1], [30, 1, 2], [4, 1, 3, 2]].map((list) => findMedian(list)),
    [undefined, 5, 1, 2, 2],
  );
});
