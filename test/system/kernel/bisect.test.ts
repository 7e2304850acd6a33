import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { applyJointly } from '../../../src/system/kernel/bisect.ts';
import { ProgramError } from '../../../src/system/run/program-error.ts';

const refusal = (reason: string) => new ProgramError(reason, 1, undefined);
const hang = () => new ProgramError('timed out after 5 s', undefined, undefined);

test('without a culprit, one call applies all items', async () => {
  const calls: number[][] = [];
  const failures = await applyJointly([1, 2, 3], async (items) => void calls.push([...items]));
  assert.deepEqual([failures.size, calls], [0, [[1, 2, 3]]]);
});

test('many items are applied 256 per call, and none after a hang', async () => {
  const items = Array.from({ length: 600 }, (_, index) => index);
  const calls: number[] = [];
  const done = await applyJointly(items, async (some) => void calls.push(some.length));
  assert.deepEqual([done.size, calls], [0, [256, 256, 88]]);
  let tries = 0;
  const failures = await applyJointly(items, async () => {
    tries++;
    if (tries === 2) throw hang();
  });
  assert.deepEqual([tries, [...failures.keys()]], [2, items.slice(256)]);
});

test('without items there is no call', async () => {
  const failures = await applyJointly([], () => Promise.reject(new Error('called')));
  assert.equal(failures.size, 0);
});

test('only the culprits fail, all other items are applied, and it takes few calls', async () => {
  const cases = fc.integer({ min: 1, max: 64 }).chain((count) => {
    const items = Array.from({ length: count }, (_, index) => index);
    return fc.tuple(fc.constant(items), fc.subarray(items, { maxLength: Math.min(count, 7) }));
  });
  await fc.assert(
    fc.asyncProperty(cases, async ([items, culprits]) => {
      const done = new Set<number>();
      let calls = 0;
      const failures = await applyJointly(items, async (some) => {
        calls++;
        // Like a program that stops at its first error, after doing the items before it.
        for (const item of some) {
          if (culprits.includes(item)) throw refusal(`${item} is bad`);
          done.add(item);
        }
      });
      assert.deepEqual([...failures.keys()].sort(), [...culprits].sort());
      assert.deepEqual([...done].sort(), items.filter((item) => !culprits.includes(item)).sort());
      assert.ok(calls <= 1 + 2 * culprits.length * Math.ceil(Math.log2(items.length)));
    }),
  );
});

test('when all items are refused, the search ends early, and all fail', async () => {
  let calls = 0;
  const failures = await applyJointly([...Array(256).keys()], async () => {
    calls++;
    throw refusal('the interface is down');
  });
  assert.equal(failures.size, 256);
  assert.ok(calls <= 24, `${calls} calls`);
});

test('each item that fails has its own reason', async () => {
  const failures = await applyJointly([1, 2, 3, 4], async (items) => {
    const bad = items.find((item) => item % 2 === 0);
    if (bad !== undefined) throw refusal(`${bad} is bad`);
  });
  const reasons = [...failures].map(([item, error]) => [item, error instanceof Error ? error.message : error]);
  assert.deepEqual(reasons, [
    [2, '2 is bad'],
    [4, '4 is bad'],
  ]);
});

const FOR_ALL = [
  ['a program that hangs', hang()],
  ['an error other than a refusal', new Error('out of memory')],
] as const;
for (const [name, error] of FOR_ALL) {
  test(`${name} fails all items, and is not tried again`, async () => {
    let calls = 0;
    const failures = await applyJointly([1, 2, 3, 4], () => {
      calls++;
      return Promise.reject(error);
    });
    assert.deepEqual([[...failures.keys()], calls], [[1, 2, 3, 4], 1]);
    assert.ok([...failures.values()].every((one) => one === error));
  });
}

test('a program that hangs during the search for a culprit is not tried again', async () => {
  let hangs = 0;
  const failures = await applyJointly([1, 2, 3, 4, 5, 6, 7, 8], async (items) => {
    if (items.length === 8) throw refusal('one of them is bad');
    hangs++;
    throw hang();
  });
  assert.deepEqual([failures.size, hangs], [8, 1]);
});
