import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Broker } from '../../lab/broker.ts';
import { makeKey } from '../../lab/client.ts';
import { eventually } from '../../lab/commands.ts';
import { DOMAIN, LabFleet, nameOf, type Told, V1 } from '../../lab/fleet.ts';
import { TheirBroker } from '../../lab/freifunkmuc/broker.ts';
import type { Gateway } from '../../lab/gateway.ts';
import { readRegistrations } from '../../lab/record.ts';

const ROUTERS = 200;
/** Of the three gateways. */
const WEIGHTS = [1, 1, 2];

let fleet: LabFleet;

before(async () => {
  fleet = await LabFleet.create(await Broker.start(1890), [90, 91, 92], [93, 94], WEIGHTS);
});
after(() => fleet.close());

describe('a fleet of three gateways and two fronts', { timeout: 1_200_000 }, () => {
  test('serves 200 routers by v2: each is in the kernel of the gateway that its reply names, with shares by the weights', async () => {
    const told = await registerAll(ROUTERS);
    assert.ok(
      told.every(({ reply }) => reply.endsWith('.example.org')),
      print(told),
    );
    await fleet.requireHonest(told);
    for (const [index, gateway] of fleet.gateways.entries()) {
      const share = ((WEIGHTS[index] ?? 0) / 4) * ROUTERS;
      const found = told.filter(({ reply }) => reply === nameOf(gateway)).length;
      assert.ok(Math.abs(found - share) <= 0.05 * ROUTERS, `${gateway.namespace}: ${found} of ${ROUTERS}`);
    }
  });

  test('serves by v1: each router is in every kernel', async () => {
    const told = await registerAll(20, V1);
    assert.ok(
      told.every(({ reply }) => reply === 'OK'),
      print(told),
    );
    for (const keys of (await fleet.readKernels()).values()) for (const { key } of told) assert.ok(keys.has(key), key);
  });

  test('sends a router to its location first', async () => {
    const [first] = fleet.gateways as [Gateway];
    await first.reload(fleet.settingsOf(first, { gateway: { location: 'muc' } }));
    const [front] = fleet.fronts as [Gateway];
    // Without their location they would be spread.
    await eventually('they all get it', async () => {
      const asking = Array.from({ length: 6 }, () => fleet.register(front, undefined, { location: 'muc' }));
      return (await Promise.all(asking)).every(({ reply }) => reply === nameOf(first));
    });
  });

  test('sends no router by v2 to a gateway without weight', async () => {
    const [first, ...others] = fleet.gateways as [Gateway, Gateway, Gateway];
    await first.reload(fleet.settingsOf(first, { gateway: { weight: 0 } }));
    const told = await registerAll(40);
    assert.deepEqual(new Set(told.map(({ reply }) => reply)), new Set(others.map(nameOf)));
    await first.reload(fleet.settingsOf(first));
  });

  test('takes a key of freifunkMUC’s broker into every kernel, and into no household', async () => {
    const theirs = await TheirBroker.start(1890, [DOMAIN]);
    const key = makeKey();
    await theirs.exchangeByV1(DOMAIN, key);
    await eventually('every kernel has it', async () =>
      [...(await fleet.readKernels()).values()].every((keys) => keys.has(key)),
    );
    for (const gateway of fleet.gateways)
      assert.equal((await readRegistrations(gateway)).get(key)?.source, '100::/56', gateway.namespace);
    assert.equal(theirs.ended, undefined);
    await theirs.stop();
  });

  test('has fronts without interfaces, which start no handler', async () => {
    for (const front of fleet.fronts) assert.deepEqual(await front.findHandlers(), []);
    const [front] = fleet.fronts as [Gateway];
    const { stderr } = front.listener ?? assert.fail();
    assert.doesNotMatch(stderr, /no domain configured|handler/);
  });
});

/** Half of them by each front, four at a time. */
async function registerAll(count: number, path?: string): Promise<Told[]> {
  const told: Told[] = [];
  for (let done = 0; done < count; done += 4) {
    const front = (index: number) => fleet.fronts[index % fleet.fronts.length] ?? assert.fail();
    const some = Array.from({ length: Math.min(4, count - done) }, (_, index) =>
      fleet.registerPatiently(front(index), path),
    );
    told.push(...(await Promise.all(some)));
  }
  return told;
}

function print(told: readonly Told[]): string {
  return told.map(({ reply }) => reply).join(' ');
}
