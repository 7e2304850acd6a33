import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { eventually } from '../../lab/commands.ts';
import { BrokerCounters } from '../../lab/simulation/broker-figures.ts';
import { SimulatedFleet } from '../../lab/simulation/fleet.ts';
import { type Registered, registerAsFastAs, registerAtRate } from '../../lab/simulation/routers.ts';

const PORT = 24_100;
const GATEWAYS = 10;

let fleet: SimulatedFleet;

before(async () => {
  fleet = await SimulatedFleet.start(PORT, { gateways: GATEWAYS, domains: 3 });
});
after(() => fleet.close());

/** The short form of `npm run bench:fleet`. */
describe('one front before ten simulated gateways', { timeout: 300_000 }, () => {
  test('sends the routers of 64 clients where their keys are, by the weights', async () => {
    const registered: Registered[] = [];
    // A gateway that was silent for 2 s on a busy machine gets no routers for 30 s, and then more than others.
    await eventually('shares are those of the weights', async () => {
      registered.push(...(await registerAsFastAs(64, { count: 500, seconds: 60 }, () => fleet.register())));
      return fleet.findLargestDeviation(registered) < 0.2;
    });
    const keys = await fleet.readKeys();
    const served = registered.filter(({ reply }) => keys.has(reply));
    assert.ok(served.length > 0.8 * registered.length, `${served.length} of ${registered.length}`);
    for (const { key, reply } of served) assert.ok(keys.get(reply)?.has(key), `${key}: ${reply}`);
  });

  test('costs the broker two messages in and two out for each router', async () => {
    const counters = await BrokerCounters.open(PORT);
    const count = 200;
    const begin = performance.now();
    const { figures } = await counters.measure(() => registerAtRate(count, 50, () => fleet.register()));
    const seconds = (performance.now() - begin) / 1000;
    await counters.close();
    // The keepalives of all members, and at most one announcement of each.
    const others = GATEWAYS * (4 + seconds);
    for (const name of ['messages/received', 'messages/sent'] as const) {
      const messages = figures[name] * seconds;
      assert.ok(messages > 1.8 * count, `${name}: ${messages}`);
      assert.ok(messages < 2.2 * count + others * (name === 'messages/sent' ? GATEWAYS : 1), `${name}: ${messages}`);
    }
  });
});
