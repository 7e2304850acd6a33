import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Clock, gather } from '../../src/handler/service/gathering.ts';

const MOST = 30;

describe('a batch', () => {
  for (const { name, counts, milliseconds } of [
    { name: 'waits for requests that come in close succession', counts: [1, 2, 3, 4, 5, 5, 6], milliseconds: 15 },
    { name: 'does not wait for a request that comes later', counts: [1, 1, 2], milliseconds: 3 },
    { name: 'begins when it is full', counts: [10, 20, 30, 40], milliseconds: 6 },
    {
      name: 'begins after a while although requests go on coming',
      counts: Array.from({ length: MOST }, (_, i) => i),
      milliseconds: 30,
    },
  ])
    test(name, async () => {
      const clock = new StoppedClock();
      await gather(() => counts.shift() ?? 0, MOST, clock);
      assert.equal(clock.now(), milliseconds);
    });

  test('is complete at once by the real clock if nobody else comes', async () => {
    await gather(() => 1, MOST);
  });
});

/** Goes only while somebody waits for it. */
class StoppedClock implements Clock {
  #now = 0;

  now(): number {
    return this.#now;
  }

  async pause(milliseconds: number): Promise<void> {
    this.#now += milliseconds;
  }
}
