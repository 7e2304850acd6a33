import assert from 'node:assert/strict';
import test from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { WaitingLine } from '../../src/listener/waiting-line.ts';

test('an added one is found after two turns of the loop, the longest-waiting first', async () => {
  const line = new WaitingLine<string>(() => {});
  line.add('first');
  assert.equal(line.findLongest(), undefined);
  await turn();
  line.add('second');
  assert.equal(line.findLongest(), undefined);
  await turn();
  assert.equal(line.findLongest(), 'first');
  line.delete('first');
  assert.equal(line.findLongest(), undefined, 'the second has had one turn');
  await turn();
  assert.equal(line.findLongest(), 'second');
  assert.deepEqual([...line], ['second']);
});

test('an added one is reported, even if no other follows', async () => {
  let found: string | undefined;
  const line: WaitingLine<string> = new WaitingLine(() => {
    found = line.findLongest();
  });
  for (const name of ['first', 'second']) {
    line.add(name);
    for (let count = 0; count < 5; count++) await turn();
    assert.equal(found, name);
    line.delete(name);
  }
});

test('no turn is awaited after all have been read from', async (t) => {
  const { mock } = t.mock.method(globalThis, 'setImmediate');
  const line = new WaitingLine<string>(() => {});
  line.add('first');
  for (let count = 0; count < 5; count++) await turn();
  assert.equal(mock.callCount(), 2);
});
