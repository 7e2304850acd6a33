import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually, pause, startIn } from '../../lab/commands.ts';
import { EXCHANGE_PORT, type Gateway, IS_ROOT_ALONE, WIREGUARD_PORT } from '../../lab/gateway.ts';
import { Capture } from '../../lab/join/capture.ts';
import {
  blockUdp,
  createGateway,
  findHost,
  grantOnAll,
  INSIDE,
  INSIDE6,
  shareInternet,
  silence,
} from '../../lab/join/gateways.ts';
import { addWayOut, findRouter } from '../../lab/join/internet.ts';
import type { Machine } from '../../lab/join/machine.ts';
import { NameServer } from '../../lab/join/name-server.ts';
import { useOpenresolv } from '../../lab/join/openresolv.ts';
import { Scene } from '../../lab/join/scene.ts';
import { Segment } from '../../lab/network.ts';
import { RELAY_PORT } from '../../lab/relay.ts';

const SKIP = { skip: IS_ROOT_ALONE && 'there is no sudo where root is the only user' };
const EVERYTHING = ['0.0.0.0/0', '::/0'];
const DNS = [INSIDE, INSIDE6];
const WORLD = 'world.example.org';
/** Until the look finds a tunnel ill after a sleep, and another gateway is there. */
const MOVES_SECONDS = 60 + 60 + 30;
const SLEPT_SECONDS = 600;
const WATCHED_SECONDS = 5;
const CAPTURE_MILLISECONDS = 200;
const SERVE_NAMES = fileURLToPath(new URL('../../lab/join/serve-names.ts', import.meta.url));

describe('with all_traffic nothing leaves the machine outside the tunnel,', { ...SKIP, concurrency: 4 }, () => {
  test('while it is up, dead, and moving to another gateway; once it is stopped all is as before', async (t) => {
    const { machine, gateways, capture, world, untouched } = await createScene(t, { home: 170, numbers: [50, 51] });
    await machine.start();
    const { on } = await machine.logs('tunnel up');
    const since = await markNow(capture);
    await requireTunnel(machine, world);
    await pause(WATCHED_SECONDS * 1000);
    requireNoLeak(capture, gateways, since);
    assert.match(await machine.run('cat', '/etc/resolv.conf'), new RegExp(INSIDE));

    const used = gateways.find(({ address }) => on === `${address}:${EXCHANGE_PORT}`);
    const other = gateways.find((gateway) => gateway !== used);
    assert.ok(used !== undefined && other !== undefined);
    await silence(used.namespace);
    assert.equal(await machine.ping(world.ipv4), false);
    machine.sleep(SLEPT_SECONDS);
    await machine.logs('tunnel up', { on: `${other.address}:${EXCHANGE_PORT}` }, MOVES_SECONDS);
    await requireTunnel(machine, world);
    requireNoLeak(capture, gateways, since);

    assert.equal(await machine.stop(), 0);
    assert.deepEqual(await machine.findChanges(untouched), []);
    await requireDirect(machine, world);
  });

  test('while no gateway is left; once it is stopped all is as before', async (t) => {
    const { machine, gateways, capture, world, untouched } = await createScene(t, { home: 174, numbers: [55] });
    const [gateway] = gateways;
    assert.ok(gateway !== undefined);
    await machine.start();
    await machine.logs('tunnel up');
    const since = await markNow(capture);
    await silence(gateway.namespace);
    machine.sleep(SLEPT_SECONDS);
    await machine.logs('no gateway', {}, MOVES_SECONDS);
    await pause(WATCHED_SECONDS * 1000);
    for (const address of [world.ipv4, world.ipv6]) assert.equal(await machine.ping(address), false);
    requireNoLeak(capture, gateways, since);
    assert.equal(await machine.stop(), 0);
    assert.deepEqual(await machine.findChanges(untouched), []);
    await requireDirect(machine, world);
  });

  test('not even IPv6 if the lease has none, nor while wgkex-join is killed and adopts its tunnel', async (t) => {
    const setup = { home: 171, numbers: [52], pool: ['10.66.0.0/24'], dns: [INSIDE] };
    const { machine, gateways, capture, world, untouched } = await createScene(t, setup);
    await machine.start();
    await machine.logs('tunnel up');
    const since = await markNow(capture);
    await machine.reaches(world.ipv4, 5);
    assert.equal(await machine.ping(world.ipv6), false);
    await machine.stop('SIGKILL');
    await pause(WATCHED_SECONDS * 1000);
    await machine.start();
    await machine.logs('tunnel adopted');
    await machine.reaches(world.ipv4, 5);
    requireNoLeak(capture, gateways, since);
    assert.equal(await machine.stop(), 0);
    assert.deepEqual(await machine.findChanges(untouched), []);
    await requireDirect(machine, world);
  });

  test('through a gateway that is reached by IPv6, and through its relay', async (t) => {
    const { machine, gateways, capture, world, untouched } = await createScene(t, {
      home: 172,
      numbers: [53],
      family: 6,
    });
    const [gateway] = gateways;
    assert.ok(gateway !== undefined);
    await machine.start();
    await machine.logs('tunnel up', { via: 'udp' });
    const since = await markNow(capture);
    await requireTunnel(machine, world);
    requireNoLeak(capture, gateways, since);
    await machine.stop();

    await blockUdp(gateway.namespace);
    await machine.start();
    await machine.logs('tunnel up', { via: 'tcp' }, 40);
    const later = await markNow(capture);
    await requireTunnel(machine, world);
    await pause(WATCHED_SECONDS * 1000);
    requireNoLeak(capture, gateways, later);
    assert.equal(await machine.stop(), 0);
    assert.deepEqual(await machine.findChanges(untouched), []);
  });
});

test('with proxy_only only programs that bind to the lease’s address use the tunnel', SKIP, async (t) => {
  const { machine, world, untouched, capture } = await createScene(t, {
    home: 173,
    numbers: [54],
    option: '--proxy-only',
  });
  await machine.start();
  await machine.logs('tunnel up');
  await requireDirect(machine, world);
  const own = JSON.parse(await machine.run('ip', '-json', 'address', 'show', 'dev', 'wg-members'));
  const addresses: string[] = own[0].addr_info.map(({ local }: { local: string }) => local).filter(isOfPool);
  assert.equal(addresses.length, 2, `${addresses}`);
  const since = await markNow(capture);
  for (const from of addresses) {
    const to = from.includes(':') ? world.ipv6 : world.ipv4;
    await eventually(`${from} reaches the world`, () => pingFrom(machine, from, to), 10);
  }
  assert.deepEqual(
    capture.findOthers(({ text }) => !addresses.some((address) => text.includes(`${address} >`)), since),
    [],
  );
  assert.equal(await machine.stop(), 0);
  assert.deepEqual(await machine.findChanges(untouched), []);
});

interface Setup {
  /** The numbers of the networks. */
  readonly home: number;
  readonly numbers: readonly number[];
  readonly family?: 4 | 6;
  readonly pool?: readonly string[];
  readonly dns?: readonly string[];
  readonly option?: string;
}

interface World {
  readonly ipv4: string;
  readonly ipv6: string;
}

/**
 * Gateways that share their way to the internet, a host there, and a machine with programs that ping it and ask for
 * names all the time, whose cable is watched.
 */
async function createScene(t: TestContext, setup: Setup) {
  const { home, numbers, family = 4, option = '--all-traffic' } = setup;
  const scene = await Scene.create(home);
  t.after(() => scene.close());
  const world = await createWorld(scene, home + 40);
  const gateways: Gateway[] = [];
  for (const number of numbers) gateways.push(scene.add(await createExit(number, setup, world)));
  const router = findRouter(scene.home).ipv4;
  scene.add(await NameServer.open(router, { [WORLD]: [world.ipv4, world.ipv6] }));
  const hosts = gateways.map((gateway) => findHost(gateway, family));
  const machine = await scene.addMachine(await grantOnAll(gateways), hosts, option);
  await useOpenresolv(machine, router);
  await machine.openClock();
  const capture = await Capture.start(scene.home.port(machine.namespace));
  scene.add({ close: async () => void (await capture.stop()) });
  const untouched = await machine.snapshot();
  startTraffic(machine, world);
  await requireDirect(machine, world);
  await eventually('the capture sees what goes past the tunnel', () => hasAll(capture, world, router));
  return { machine, gateways, capture, world, untouched };
}

/** A host on a segment of its own. */
async function createWorld(scene: Scene, number: number): Promise<World> {
  const segment = scene.add(await Segment.create(number));
  const namespace = `world${number}`;
  await segment.join(namespace, '1.1', '1::1');
  await addWayOut(segment, namespace);
  return { ipv4: segment.ipv4('1.1'), ipv6: segment.ipv6('1::1') };
}

/** A gateway that forwards everything, and answers questions for names within the tunnel. */
async function createExit(number: number, { family = 4, pool, dns = DNS }: Setup, world: World): Promise<Gateway> {
  const more = pool === undefined ? {} : { pool };
  const gateway = await createGateway(number, { family, hasRelay: true, allowedIps: EVERYTHING, dns, ...more });
  await shareInternet(gateway);
  const words = [SERVE_NAMES, ...dns, '--', `${WORLD}=${world.ipv4},${world.ipv6}`];
  const names = startIn(gateway.namespace, process.execPath, '--import', 'tsx', ...words);
  gateway.onClose(async () => void (await names.stop()));
  await eventually('names are served', () => names.stdout !== '' || names.hasEnded);
  if (names.hasEnded) throw new Error(names.stderr);
  return gateway;
}

/** What people do: it goes on whatever becomes of the tunnel. */
function startTraffic(machine: Machine, { ipv4, ipv6 }: World): void {
  for (const address of [ipv4, ipv6])
    machine.startProgram('sh', '-c', `while :; do ping -n -c 1 -W 1 ${address}; sleep 0.3; done`);
  machine.startProgram('sh', '-c', `while :; do getent ahosts ${WORLD}; sleep 0.5; done`);
}

function hasAll({ packets }: Capture, { ipv4, ipv6 }: World, router: string): boolean {
  return [ipv4, ipv6, `${router}.53`].every((wanted) => packets.some(({ to }) => to === wanted));
}

/** How many packets there were before now; the latest of them may still be on their way to the test. */
async function markNow(capture: Capture): Promise<number> {
  await pause(CAPTURE_MILLISECONDS);
  return capture.packets.length;
}

/** Whatever goes elsewhere than to the gateways' three doors is a leak. */
function requireNoLeak(capture: Capture, gateways: readonly Gateway[], since: number): void {
  const hosts = gateways.flatMap((gateway) => [gateway.address, findHost(gateway, 6).slice(1, -1)]);
  const doors = hosts.flatMap((host) => [EXCHANGE_PORT, WIREGUARD_PORT, RELAY_PORT].map((port) => `${host}.${port}`));
  assert.deepEqual(
    capture.findOthers(({ to }) => doors.includes(to), since),
    [],
  );
}

/** The world is reached through a gateway, by both families and by name. */
async function requireTunnel(machine: Machine, world: World): Promise<void> {
  for (const address of [world.ipv4, world.ipv6]) await machine.reaches(address, 10);
  assert.match(await machine.run('getent', 'ahosts', WORLD), new RegExp(world.ipv4));
  const [path] = JSON.parse(await machine.run('ip', '-json', 'route', 'get', world.ipv4));
  assert.equal(path.dev, 'wg-members');
}

async function requireDirect(machine: Machine, world: World): Promise<void> {
  for (const address of [world.ipv4, world.ipv6]) await machine.reaches(address, 5);
  assert.match(await machine.run('getent', 'ahosts', WORLD), new RegExp(world.ipv4));
  const [path] = JSON.parse(await machine.run('ip', '-json', 'route', 'get', world.ipv4));
  assert.equal(path.dev, 'uplink');
}

function isOfPool(address: string): boolean {
  return address.startsWith('10.66.') || address.startsWith('fd66:');
}

async function pingFrom(machine: Machine, from: string, to: string): Promise<boolean> {
  return (await machine.attempt('ping', ['-n', '-c', '1', '-W', '1', '-I', from, to])).exitCode === 0;
}
