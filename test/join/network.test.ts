import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { eventually, ipBatch, pause } from '../../lab/commands.ts';
import { EXCHANGE_PORT, type Gateway, IS_ROOT_ALONE } from '../../lab/gateway.ts';
import { blockUdp, createGateway, findHost, grantOnAll, heal, INSIDE, INSIDE6 } from '../../lab/join/gateways.ts';
import { addWayOut, findRouter, removeWayOut } from '../../lab/join/internet.ts';
import type { Machine } from '../../lab/join/machine.ts';
import { NameServer } from '../../lab/join/name-server.ts';
import { Scene } from '../../lab/join/scene.ts';

const SKIP = { skip: IS_ROOT_ALONE && 'there is no sudo where root is the only user' };
const RELAY_SECONDS = 30;
const LOOK_SECONDS = 60;
/** WireGuard then shakes hands again; wireguard-go sends from the old address until then. */
const HEARS_NOTHING_SECONDS = 15;
/** For a busy machine. */
const PATIENCE_SECONDS = 10;

describe('where UDP is blocked', { ...SKIP, concurrency: 4 }, () => {
  for (const [index, family] of ([4, 6] as const).entries())
    test(`the relay carries the tunnel within ${RELAY_SECONDS} s, by IPv${family}`, async (t) => {
      const { machine, gateway } = await createScene(t, { home: 140 + index, number: 70 + index, family });
      await blockUdp(gateway.namespace);
      const start = performance.now();
      await machine.start();
      await machine.logs('tunnel up', { via: 'tcp' });
      const seconds = (performance.now() - start) / 1000;
      t.diagnostic(`${seconds.toFixed(1)} s`);
      assert.ok(seconds < RELAY_SECONDS, `${seconds}`);
      for (const inside of [INSIDE, INSIDE6]) await machine.reaches(inside, 5);
      assert.match((await machine.findPeer())?.endpoint ?? '', /^127\.0\.0\.1$/);
      // With another address the machine is in another network, in which UDP may work.
      await heal(gateway.namespace, 'noudp');
      await changeAddress(machine);
      await machine.logs('tunnel up', { via: 'udp' }, LOOK_SECONDS + PATIENCE_SECONDS);
      await machine.reaches(INSIDE, 5);
    });

  test('with over_tcp = "never" no relay is tried, and with "always" nothing else', async (t) => {
    const { machine, gateway, scene } = await createScene(t, {
      home: 142,
      number: 72,
      options: ['--over-tcp', 'never'],
    });
    const other = await scene.addMachine(await grantOnAll([gateway]), [gateway.address], '--over-tcp', 'always');
    await blockUdp(gateway.namespace);
    await Promise.all([machine.start(), other.start()]);
    await other.logs('tunnel up', { via: 'tcp' }, 15);
    await machine.logs('gateway failed', { on: nameOf(gateway) }, RELAY_SECONDS);
    assert.deepEqual(machine.find('relay connected'), []);
    assert.deepEqual(machine.find('tunnel up'), []);
  });
});

describe('while the network changes', { ...SKIP, concurrency: 5 }, () => {
  test('another address costs nobody their tunnel', async (t) => {
    const { machine } = await createScene(t, { home: 143, number: 73 });
    await machine.start();
    await machine.logs('tunnel up');
    await machine.reaches(INSIDE);
    await changeAddress(machine);
    await machine.reaches(INSIDE, HEARS_NOTHING_SECONDS + PATIENCE_SECONDS);
    await pause((LOOK_SECONDS + 5) * 1000);
    await machine.reaches(INSIDE, 5);
    assert.deepEqual(machine.log.map(({ msg }) => msg).filter(isTrouble), []);
  });

  test('a default route that is gone and comes back', async (t) => {
    const { machine, scene } = await createScene(t, { home: 144, number: 74 });
    await machine.start();
    await machine.logs('tunnel up');
    await removeWayOut(scene.home, machine.namespace);
    await eventually('nothing is reached', async () => !(await machine.ping(INSIDE)));
    await pause((LOOK_SECONDS + 5) * 1000);
    await addWayOut(scene.home, machine.namespace);
    await machine.reaches(INSIDE, 30);
    assert.deepEqual(machine.log.map(({ msg }) => msg).filter(isTrouble), []);
  });

  test('no default route at the start is not a failure of the gateway', async (t) => {
    const { machine, scene } = await createScene(t, { home: 145, number: 75 });
    await removeWayOut(scene.home, machine.namespace);
    await machine.start();
    await machine.logs('no gateway');
    await addWayOut(scene.home, machine.namespace);
    await machine.logs('tunnel up', {}, LOOK_SECONDS + PATIENCE_SECONDS);
    assert.deepEqual(machine.find('gateway failed'), []);
  });

  test('a name server that is gone at the start, and comes back', async (t) => {
    const { machine, gateway, scene } = await createScene(t, { home: 146, number: 76, host: 'gw.example.org' });
    const router = findRouter(scene.home).ipv4;
    await machine.setResolvers([router]);
    await machine.start();
    await machine.logs('no gateway');
    scene.add(await NameServer.open(router, { 'gw.example.org': [gateway.address] }));
    await machine.logs('tunnel up', {}, LOOK_SECONDS + PATIENCE_SECONDS);
    await machine.reaches(INSIDE, 5);
  });

  test('a name server that is gone later: the addresses are remembered', async (t) => {
    const { machine, gateway, scene } = await createScene(t, { home: 147, number: 77, host: 'gw.example.org' });
    const router = findRouter(scene.home).ipv4;
    await machine.setResolvers([router]);
    const names = await NameServer.open(router, { 'gw.example.org': [gateway.address] });
    await machine.start();
    await machine.logs('tunnel up');
    assert.ok(names.queries.includes('gw.example.org'));
    await names.close();
    const { length } = names.queries;
    // As if it had crashed with its tunnel: it has to ask the gateway again.
    await machine.stop('SIGKILL');
    await machine.run('ip', 'link', 'delete', 'wg-members');
    await machine.start();
    await machine.logs('tunnel up', {}, 40);
    await machine.reaches(INSIDE, 5);
    assert.equal(names.queries.length, length);
  });
});

interface Setup {
  /** The numbers of the networks. */
  readonly home: number;
  readonly number: number;
  readonly family?: 4 | 6;
  /** What the machine calls the gateway, its address by default. */
  readonly host?: string;
  readonly options?: readonly string[];
}

/** A gateway with a relay, and a machine that is not started. */
async function createScene(t: TestContext, { home, number, family = 4, host, options = [] }: Setup) {
  const scene = await Scene.create(home);
  t.after(() => scene.close());
  const gateway = scene.add(await createGateway(number, { family, hasRelay: true }));
  const name = host ?? findHost(gateway, family);
  const machine = await scene.addMachine(await grantOnAll([gateway]), [name], ...options);
  return { scene, machine, gateway };
}

/** Another address of the same network, for both families. */
async function changeAddress({ namespace, segment, address }: Machine): Promise<void> {
  const router = findRouter(segment);
  await ipBatch(
    namespace,
    `address add ${segment.ipv4('3.77')}/16 dev uplink`,
    `address add ${segment.ipv6('377::1')}/32 dev uplink nodad`,
    `address delete ${address}/16 dev uplink`,
    `address delete ${segment.ipv6('201::1')}/32 dev uplink`,
    `address replace ${segment.ipv4('3.77')}/16 dev uplink`,
    `route replace default via ${router.ipv4} dev uplink`,
    `route replace default via ${router.ipv6} dev uplink`,
  );
}

function isTrouble(event: string): boolean {
  return ['tunnel ill', 'tunnel down', 'gateway failed', 'configuration refused'].includes(event);
}

function nameOf(gateway: Gateway): string {
  return `${gateway.address}:${EXCHANGE_PORT}`;
}
