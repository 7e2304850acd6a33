import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { attempt, sh } from '../../lab/commands.ts';
import { Gateway } from '../../lab/gateway.ts';
import { FAMILIES } from '../../lab/network.ts';
import { RoundTrip } from '../../lab/round-trip.ts';
import { Router } from '../../lab/router.ts';

const ROUND_TRIP_MILLISECONDS = 300;
/** Node counts in whole milliseconds, once for each direction. */
const TIMER_MILLISECONDS = 2;

describe('a router that is 300 ms away', () => {
  let gateway: Gateway;
  const routers: Router[] = [];

  before(async () => {
    gateway = await Gateway.create(71);
    const roundTrip = await RoundTrip.create(gateway, ROUND_TRIP_MILLISECONDS);
    for (const number of [1, 2]) {
      const router = await Router.create(gateway, number);
      routers.push(router);
      await roundTrip.moveAway(router.namespace);
    }
    await gateway.start();
  });
  after(() => gateway.close());

  for (const [index, family] of FAMILIES.entries()) {
    const find = () => (family === 'IPv4' ? gateway.address : gateway.segment.ipv6('0::1'));
    const findRouter = () => routers[index] as Router;
    const findAddress = () =>
      family === 'IPv4' ? gateway.segment.ipv4(`1.${index + 1}`) : gateway.segment.ipv6(`${index + 1}::1`);

    test(`gets its answers no sooner, by ${family}, and a neighbour of the gateway at once`, async () => {
      const router = findRouter();
      const times = readTimes(await router.run('ping', '-c', '5', '-i', '0.2', '-w', '30', find()));
      assert.equal(times.length, 5);
      const fastest = Math.min(...times);
      assert.ok(fastest > ROUND_TRIP_MILLISECONDS - TIMER_MILLISECONDS, `${times}`);
      assert.ok(fastest < 2 * ROUND_TRIP_MILLISECONDS, `${times}`);
      const near = readTimes(await sh('ping', '-c', '5', '-i', '0.2', '-w', '30', find()));
      assert.ok(Math.min(...near) < ROUND_TRIP_MILLISECONDS / 2, `${near}`);
    });

    test(`registers and has a handshake from its own address, by ${family}`, async () => {
      const router = findRouter();
      const start = performance.now();
      assert.equal(await router.exchange('ffww01', find()), 'OK');
      assert.ok(
        performance.now() - start > 2 * (ROUND_TRIP_MILLISECONDS - TIMER_MILLISECONDS),
        'one to connect, one for the reply',
      );
      await router.up(undefined, find());
      await router.connected();
      assert.equal((await gateway.findPeer(router.key))?.endpoint, findAddress());
      // Until three are answered: within the first seconds two handshakes can cross on such a long path and cost a packet.
      await router.run('ping', '-6', '-c', '3', '-i', '0.2', '-w', '30', 'fd42::1');
      await router.down();
    });
  }
});

test('a router whose packets are lost, three of ten each way, loses about half of its pings', async (t) => {
  const gateway = await Gateway.create(72);
  t.after(() => gateway.close());
  const roundTrip = await RoundTrip.create(gateway, 20, { lostPercent: 30 });
  const router = await Router.create(gateway, 1);
  await roundTrip.moveAway(router.namespace);
  const { stdout } = await attempt(router.namespace, 'ping', ['-c', '100', '-i', '0.02', '-W', '2', gateway.address]);
  const answered = readTimes(stdout).length;
  // 49 with a standard deviation of 5.
  assert.ok(answered > 20 && answered < 80, stdout);
});

function readTimes(printed: string): number[] {
  return [...printed.matchAll(/ time=([\d.]+) ms/g)].map(([, time]) => Number(time));
}
