import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { makeKey } from '../../lab/client.ts';
import { pause } from '../../lab/commands.ts';
import { EXCHANGE_PORT, type Gateway, IS_ROOT_ALONE } from '../../lab/gateway.ts';
import { buildSettings, FakeGateway, sendSigned } from '../../lab/join/fake-gateway.ts';
import { createGateway, findHost, grantOnAll, INSIDE } from '../../lab/join/gateways.ts';
import type { Machine } from '../../lab/join/machine.ts';
import { Scene } from '../../lab/join/scene.ts';
import { claim, makeTicket, type Ticket } from '../../lab/leases.ts';
import { RoundTrip } from '../../lab/round-trip.ts';

const SKIP = { skip: IS_ROOT_ALONE && 'there is no sudo where root is the only user' };
const TUNNEL_SECONDS = 20;
const HANDSHAKE_SECONDS = 15;
/** For a busy machine. */
const PATIENCE_SECONDS = 5;
const SLOW_MILLISECONDS = 400;
const MEMBERS = 10;

describe('several gateways', { ...SKIP, concurrency: 4 }, () => {
  test(`one dead, one full and one slow: the tunnel is there within ${TUNNEL_SECONDS} s`, async (t) => {
    const scene = await createScene(t, 110);
    const full = scene.add(await createGateway(10, { pool: ['10.66.0.0/30'] }));
    const slow = scene.add(await createGateway(11));
    await (await RoundTrip.create(slow, SLOW_MILLISECONDS)).moveAway(slow.namespace);
    assert.equal((await claim(full, { ticket: await grantOnAll([full]), key: makeKey() })).code, 'OK');
    const ticket = await grantOnAll([full, slow]);
    // Nobody has this address.
    const dead = full.segment.ipv4('7.7');
    const machine = await scene.addMachine(ticket, [dead, full.address, slow.address]);

    const start = performance.now();
    await machine.start();
    await machine.logs('tunnel up', { on: nameOf(slow), via: 'udp' });
    const seconds = (performance.now() - start) / 1000;
    t.diagnostic(`${seconds.toFixed(1)} s`);
    assert.ok(seconds < TUNNEL_SECONDS, `${seconds}`);
    await machine.reaches(INSIDE);
    for (const { code } of machine.find('gateway failed', { on: nameOf(full) })) assert.equal(code, 'FULL');
    await requireRest(machine, 10);
  });

  test('those that answer fast are tried before slow ones and dead ones', async (t) => {
    const scene = await createScene(t, 111);
    const [fast, slow] = [scene.add(await createGateway(12)), scene.add(await createGateway(13))];
    await (await RoundTrip.create(slow, SLOW_MILLISECONDS)).moveAway(slow.namespace);
    const ticket = await grantOnAll([fast, slow]);
    const machine = await scene.addMachine(ticket, [fast.segment.ipv4('7.7'), slow.address, fast.address]);
    await machine.start();
    await machine.logs('tunnel up', { on: nameOf(fast) });
    assert.deepEqual(machine.find('gateway failed'), []);
  });

  test(`${MEMBERS} members spread over three gateways by chance`, async (t) => {
    const scene = await createScene(t, 112);
    const gateways = await Promise.all([14, 15, 16].map((number) => createGateway(number)));
    for (const gateway of gateways) scene.add(gateway);
    const hosts = gateways.map(({ address }) => address);
    const machines: Machine[] = [];
    for (let number = 0; number < MEMBERS; number++)
      // Of one gateway no times are compared: chance alone decides.
      machines.push(await scene.addMachine(await grantOnAll(gateways), hosts, '--sample', '1'));
    await Promise.all(machines.map((machine) => machine.start()));
    await Promise.all(machines.map((machine) => machine.logs('tunnel up')));
    await Promise.all(machines.map((machine) => machine.reaches(INSIDE)));
    const counts = await Promise.all(gateways.map(countMembers));
    t.diagnostic(`members of each gateway: ${counts}`);
    assert.equal(
      counts.reduce((sum, count) => sum + count),
      MEMBERS,
    );
    // That one of three stays empty happens to ten members once in 19 times, two of three once in 20,000.
    assert.ok(counts.filter((count) => count > 0).length >= 2, `${counts}`);
  });

  test('one that accepts and never shakes hands is left for the next one, and not asked again at once', async (t) => {
    const scene = await createScene(t, 113);
    const fake = scene.add(await FakeGateway.create(17));
    const real = scene.add(await createGateway(18));
    const ticket = await grantOnAll([real]);
    fake.says(sendSigned(ticket, buildSettings(fake.host)));
    await (await RoundTrip.create(real, SLOW_MILLISECONDS)).moveAway(real.namespace);
    const machine = await scene.addMachine(ticket, [real.address, fake.host]);
    const start = performance.now();
    await machine.start();
    await machine.logs('tunnel up', { on: nameOf(real) });
    const seconds = (performance.now() - start) / 1000;
    t.diagnostic(`${seconds.toFixed(1)} s`);
    assert.ok(seconds < HANDSHAKE_SECONDS + PATIENCE_SECONDS + 30, `${seconds}`);
    assert.equal(machine.find('gateway failed', { on: fake.on }).length, 1);
    assert.equal(fake.requests.length, 1);
    await machine.reaches(INSIDE);
    await requireRest(machine, 10);
    assert.equal(fake.requests.length, 1);
  });

  test('while none of them works each is asked once a minute at most', async (t) => {
    const scene = await createScene(t, 114);
    const fakes = [scene.add(await FakeGateway.create(19)), scene.add(await FakeGateway.create(120))];
    for (const fake of fakes) fake.says((_, socket) => socket.end('ERR: FAILED\n'));
    const ticket: Ticket = makeTicket();
    const hosts = fakes.map(({ host }) => host);
    const machine = await scene.addMachine(ticket, hosts);
    await machine.start();
    await machine.logs('no gateway');
    await pause(40_000);
    assert.deepEqual(
      fakes.map(({ requests }) => requests.length),
      [1, 1],
    );
    assert.equal(await machine.findPeer(), undefined);
    const nonces = fakes.flatMap(({ requests }) => requests.map(({ nonce }) => nonce));
    assert.equal(new Set(nonces).size, nonces.length);
  });
});

async function createScene(t: TestContext, number: number): Promise<Scene> {
  const scene = await Scene.create(number);
  t.after(() => scene.close());
  return scene;
}

function nameOf(gateway: Gateway): string {
  return `${findHost(gateway)}:${EXCHANGE_PORT}`;
}

async function countMembers(gateway: Gateway): Promise<number> {
  const peers = await gateway.peers('members');
  return peers.filter(({ lastHandshake }) => lastHandshake !== 'never').length;
}

/** Nothing is logged any more, and the tunnel carries pings. */
async function requireRest(machine: Machine, seconds: number): Promise<void> {
  const { length } = machine.log;
  await pause(seconds * 1000);
  assert.deepEqual(machine.log.slice(length), []);
  await machine.reaches(INSIDE, PATIENCE_SECONDS);
}
