import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { describe, type TestContext, test } from 'node:test';
import { makeKey } from '../../lab/client.ts';
import { eventually } from '../../lab/commands.ts';
import { Gateway } from '../../lab/gateway.ts';
import { findProgramMoments } from '../../lab/kills.ts';
import {
  claim,
  grant,
  leased,
  makeTicket,
  openTable,
  readAddresses,
  readLeases,
  readPeers,
  type Ticket,
} from '../../lab/leases.ts';
import { Member } from '../../lab/member.ts';

const POOL = ['10.66.0.0/24', 'fd66::/112'];
const BACK_SECONDS = 5;

// WireGuard itself notices after 15 s that the other end has lost its session.
describe('a domain with leases', { concurrency: 4 }, () => {
  test('a recreated interface has all members again within seconds, without a pass, an exchange or a handshake', async (t) => {
    const { gateway, member } = await createGateway(t, 21);
    const before = await readPeers(gateway);
    await gateway.removeInterfaces();
    await gateway.addInterfaces();
    const start = performance.now();
    await eventually('all members are back', async () => (await readPeers(gateway)).length === before.length);
    const seconds = (performance.now() - start) / 1000;
    t.diagnostic(`they were back after ${seconds.toFixed(1)} s`);
    assert.ok(seconds < BACK_SECONDS + 1, `they were back after ${seconds} s`);
    assert.deepEqual(await readPeers(gateway), before);
    await member.reaches();
  });

  test('after a reboot, without a record, all members are back when the service starts', async (t) => {
    const { gateway, member } = await createGateway(t, 22);
    const before = await readPeers(gateway);
    await reboot(gateway);
    await gateway.start();
    await eventually('all members are back', async () => (await readPeers(gateway)).length === before.length, 10);
    assert.deepEqual(await readPeers(gateway), before);
    await member.reaches();
  });

  for (const { what, number, args } of [
    { what: 'a pass', number: 23, args: [] },
    { what: 'a repair', number: 24, args: ['--repair'] },
  ])
    test(`after a reboot all members are back with ${what} alone`, async (t) => {
      const { gateway, member } = await createGateway(t, number);
      const before = await readPeers(gateway);
      await reboot(gateway);
      assert.deepEqual(await readPeers(gateway), []);
      const { exitCode, stderr } = await gateway.cleanUp(...args, 'members');
      assert.equal(exitCode, 0, stderr);
      assert.deepEqual(await readPeers(gateway), before);
      await member.reaches();
    });

  test('after `wg syncconf` members are back with the next request that has a third line, from anyone', async (t) => {
    const { gateway, member, tickets } = await createGateway(t, 25);
    const before = await readPeers(gateway);
    for (const ask of [
      () => claim(gateway, { ticket: makeTicket(), key: makeKey() }),
      () => claim(gateway, { ticket: tickets[0] as Ticket, key: member.key }),
    ]) {
      await syncConfiguration(gateway);
      assert.deepEqual(await readPeers(gateway), []);
      await gateway.unlocked();
      await ask();
      assert.deepEqual(await readPeers(gateway), before, String(ask));
    }
    await member.reaches();
  });

  test('a blocked member, which has no peer, does not make each stranger cost more', async (t) => {
    const { gateway, tickets } = await createGateway(t, 31);
    const [, { id } = tickets[0] as Ticket] = tickets;
    const key = (await (await openTable(gateway)).find(id))?.key ?? '';
    const file = `/run/${gateway.namespace}.blocked`;
    await writeFile(file, `${key}\n`);
    await gateway.reload({ disallowed_keys: file });
    await gateway.run('wg', 'set', gateway.wireguard(), 'peer', key, 'remove');
    const ask = () => claim(gateway, { ticket: makeTicket(), key: makeKey() });
    await gateway.unlocked();
    assert.equal((await ask()).code, 'INVALID_TOKEN');
    const calls = (await findProgramMoments(gateway, 'caller', ask)).filter(({ name }) =>
      /^sqlite3 .* with 0 of/.test(name),
    );
    assert.equal(calls.length, 1, 'the table is read once');
  });

  test('after `wg syncconf` members are back with the next pass', async (t) => {
    const { gateway, member } = await createGateway(t, 26);
    const before = await readPeers(gateway);
    await syncConfiguration(gateway);
    assert.match((await gateway.cleanUp()).stderr, /"keys":3,"of":3.*"msg":"restored"/);
    assert.deepEqual(await readPeers(gateway), before);
    await member.reaches();
  });

  test('a member without its peer, or with other allowed IPs, has them again after the next pass', async (t) => {
    const { gateway, member } = await createGateway(t, 27);
    const before = await readPeers(gateway);
    const set = (...words: string[]) => gateway.run('wg', 'set', gateway.wireguard(), 'peer', member.key, ...words);
    for (const words of [['remove'], ['allowed-ips', '10.66.0.200/32'], ['allowed-ips', '']]) {
      await set(...words);
      assert.notDeepEqual(await readPeers(gateway), before);
      assert.equal((await gateway.cleanUp()).exitCode, 0);
      assert.deepEqual(await readPeers(gateway), before, words.join(' '));
    }
    await member.reaches();
  });

  test("an operator's peers are never touched, and nobody gets their addresses", async (t) => {
    const { gateway, member } = await createGateway(t, 28);
    const [statics, shared, outside, keepalive] = [makeKey(), makeKey(), makeKey(), makeKey()];
    await writeFile(`/run/${gateway.namespace}.psk`, makeKey());
    await writeFile(`/run/${gateway.namespace}.static`, `${statics}\n`);
    const peers = [
      ['peer', statics, 'allowed-ips', '10.66.0.5/32,fd66::5/128'],
      ['peer', shared, 'preshared-key', `/run/${gateway.namespace}.psk`, 'allowed-ips', '10.66.0.6/32'],
      ['peer', outside, 'allowed-ips', '10.66.0.8/29,192.0.2.0/24'],
      ['peer', keepalive, 'persistent-keepalive', '25', 'allowed-ips', 'fd66::8/126'],
    ];
    await gateway.run('wg', 'set', gateway.wireguard(), ...peers.flat());
    await gateway.reload({
      cleanup: { second_look_seconds: 0 },
      static_keys: `/run/${gateway.namespace}.static`,
      limits: { exempt: ['10.28.0.0/16'] },
    });
    const operators = new Set([statics, shared, outside, keepalive]);
    const readOperators = async () => (await readPeers(gateway)).filter((peer) => operators.has(peer.slice(0, 44)));
    const before = await readOperators();
    assert.equal(before.length, 4);

    const got: string[] = [];
    for (let each = 0; each < 12; each++) {
      const { code, config } = await claim(gateway, { ticket: await grant(gateway), key: makeKey() });
      assert.equal(code, 'OK');
      got.push(...readAddresses(config));
    }
    const theirs = /^(10\.66\.0\.([569]|8|1[0-5])|fd66::([589ab]))$/;
    assert.deepEqual(
      got.filter((address) => theirs.test(address)),
      [],
    );
    assert.ok(got.includes('10.66.0.7') && got.includes('10.66.0.16') && got.includes('fd66::c'), got.join());
    for (const key of operators)
      assert.equal((await claim(gateway, { ticket: await grant(gateway), key })).code, 'PROHIBITED_WGKEY');

    for (let each = 0; each < 2; each++) assert.equal((await gateway.cleanUp()).exitCode, 0);
    assert.deepEqual(await readOperators(), before);
    assert.equal(await member.ping(), true);
    const members = (await readPeers(gateway)).filter((peer) => !operators.has(peer.slice(0, 44)));
    assert.deepEqual(members, await readLeases(gateway));
  });

  test('a stranger in the pool without a row goes after two looks, and not before', async (t) => {
    const { gateway, member } = await createGateway(t, 29);
    const before = await readPeers(gateway);
    const stranger = makeKey();
    await gateway.run('wg', 'set', gateway.wireguard(), 'peer', stranger, 'allowed-ips', '10.66.0.99/32');
    const isThere = async () => (await gateway.findPeer(stranger)) !== undefined;
    assert.match((await gateway.cleanUp()).stderr, /"msg":"marked"/);
    assert.match((await gateway.cleanUp()).stderr, /"msg":"still marked"/);
    assert.equal(await isThere(), true);
    await gateway.configure({ cleanup: { second_look_seconds: 0 } });
    assert.match((await gateway.cleanUp()).stderr, /"removed":1/);
    assert.deepEqual(await readPeers(gateway), before);
    assert.equal(await member.ping(), true);
  });

  test('a stranger with the address of a lease makes way for its member', async (t) => {
    const { gateway, member, tickets } = await createGateway(t, 30);
    const before = await readPeers(gateway);
    const lease = await (await openTable(gateway)).find((tickets[0] as Ticket).id);
    const steal = () =>
      gateway.run('wg', 'set', gateway.wireguard(), 'peer', makeKey(), 'allowed-ips', `${lease?.address4}/32`);
    await steal();
    await eventually('it has the address', async () => !(await member.ping()));
    assert.equal((await claim(gateway, { ticket: tickets[0] as Ticket, key: member.key })).code, 'OK');
    await member.reaches();
    await steal();
    assert.equal((await gateway.cleanUp()).exitCode, 0);
    await member.reaches();
    const addressed = (await readPeers(gateway)).filter((peer) => peer.includes(' '));
    assert.deepEqual(addressed, before, 'the stranger has no address');
  });
});

/** A gateway with a member that is connected and two that never were. */
async function createGateway(t: TestContext, number: number) {
  const gateway = await Gateway.create(number, [leased(number, { pool: POOL })]);
  t.after(() => gateway.close());
  await gateway.configure();
  await gateway.start();
  const tickets = [await grant(gateway), await grant(gateway), await grant(gateway)];
  const member = await Member.join(gateway, 1, tickets[0] as Ticket);
  for (const ticket of tickets.slice(1)) assert.equal((await claim(gateway, { ticket, key: makeKey() })).code, 'OK');
  assert.deepEqual(await readPeers(gateway), await readLeases(gateway));
  return { gateway, member, tickets };
}

/** Only the state directory outlives it. */
async function reboot(gateway: Gateway): Promise<void> {
  await gateway.listener?.stop();
  await gateway.removeInterfaces();
  await rm(`/run/wgkex/${gateway.namespace}`, { recursive: true });
  await gateway.addInterfaces();
}

/** From a file that has no peer at all. */
async function syncConfiguration(gateway: Gateway): Promise<void> {
  const device = gateway.wireguard();
  const file = `/run/${gateway.namespace}.sync`;
  const key = await gateway.run('wg', 'show', device, 'private-key');
  await writeFile(file, `[Interface]\nPrivateKey = ${key}\nListenPort = ${gateway.wireguardPort()}\n`);
  await gateway.run('wg', 'syncconf', device, file);
}
