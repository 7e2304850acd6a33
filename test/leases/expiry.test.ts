import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { makeKey } from '../../lab/client.ts';
import { eventually } from '../../lab/commands.ts';
import { Gateway } from '../../lab/gateway.ts';
import {
  claim,
  describeMember,
  grant,
  leased,
  openTable,
  readAddresses,
  readLeases,
  readPeers,
} from '../../lab/leases.ts';
import { Member } from '../../lab/member.ts';

/** Until the end date: enough to join. */
const LEASE_SECONDS = 6;
const DAY = 86_400;

describe('of leases that end', { concurrency: 4 }, () => {
  test('a lease ends by two passes after its end date, keeps its address, and comes back when it is extended', async (t) => {
    const gateway = await createGateway(t, 11);
    const expires = readTime() + LEASE_SECONDS;
    const ticket = await grant(gateway, { expires });
    const member = await Member.join(gateway, 1, ticket);
    const table = await openTable(gateway);
    const lease = await table.find(ticket.id);
    assert.ok(lease !== undefined);
    const early = await claim(gateway, { ticket, key: member.key });
    assert.equal((await pass(gateway)).includes('overdue'), false, 'the end date has not come');

    await eventually('the end date has passed', () => readTime() > expires);
    assert.equal((await claim(gateway, { ticket, key: member.key })).code, 'EXPIRED');
    assert.match(await pass(gateway), new RegExp(`"lease":"${ticket.id}".*"msg":"lease overdue"`));
    assert.doesNotMatch(await pass(gateway), /"msg":"lease (overdue|expired)"/, 'too early for a second look');
    assert.equal(await member.ping(), true);

    await gateway.configure({ cleanup: { second_look_seconds: 0 } });
    assert.equal(await member.ping(), true, 'time alone ends nothing');
    assert.match(await pass(gateway), /"msg":"lease expired"/);
    assert.deepEqual(await readPeers(gateway), []);
    assert.equal(await member.ping(), false);
    assert.equal((await claim(gateway, { ticket, key: member.key })).code, 'EXPIRED');

    const other = await claim(gateway, { ticket: await grant(gateway), key: makeKey() });
    assert.equal(readAddresses(other.config).includes(lease.address4 ?? ''), false, 'it stays unused');

    assert.equal((await table.extend(ticket.id, readTime() + DAY))?.addresses, 'same');
    assert.match(await pass(gateway), /"msg":"restored"/);
    await member.reaches();
    assert.ok((await readPeers(gateway)).includes(describeMember(lease)));
    const late = await claim(gateway, { ticket, key: member.key });
    assert.deepEqual(readAddresses(late.config), readAddresses(early.config));
    assert.notEqual(late.config, early.config, 'it says the new end date');
  });

  test('a lease that is extended between the two passes goes on without a break', async (t) => {
    const gateway = await createGateway(t, 12);
    const expires = readTime() + LEASE_SECONDS;
    const ticket = await grant(gateway, { expires });
    const member = await Member.join(gateway, 1, ticket);
    await eventually('the end date has passed', () => readTime() > expires);
    assert.match(await pass(gateway), /"msg":"lease overdue"/);
    const session = await gateway.findPeer(member.key);
    await (await openTable(gateway)).extend(ticket.id, readTime() + DAY);
    await gateway.configure({ cleanup: { second_look_seconds: 0 } });
    assert.doesNotMatch(await pass(gateway), /"msg":"(lease expired|removed|restored)"/);
    await gateway.requireUninterrupted(session);
    assert.equal(await member.ping(), true);
  });

  test('asking again does not move the end date, and each answer has it', async (t) => {
    const gateway = await createGateway(t, 13);
    const expires = readTime() + DAY;
    const [ticket, key] = [await grant(gateway, { expires }), makeKey()];
    for (let turn = 0; turn < 3; turn++) {
      const { config } = await claim(gateway, { ticket, key });
      assert.match(config ?? '', new RegExp(`^# Ends: ${new Date(expires * 1000).toISOString().slice(0, 19)}Z$`, 'm'));
    }
    assert.equal((await (await openTable(gateway)).find(ticket.id))?.expires, expires);
  });

  test('a lease that was revoked loses its tunnel with the next pass, and its token opens nothing', async (t) => {
    const gateway = await createGateway(t, 14);
    const ticket = await grant(gateway);
    const member = await Member.join(gateway, 1, ticket);
    assert.equal(await (await openTable(gateway)).revoke(ticket.id, readTime()), true);
    assert.match(await pass(gateway), new RegExp(`"lease":"${ticket.id}".*"msg":"removed"`));
    assert.equal(await member.ping(), false);
    for (const key of [member.key, makeKey()]) assert.equal((await claim(gateway, { ticket, key })).code, 'EXPIRED');
    assert.deepEqual(await readPeers(gateway), []);
  });

  test('members that are silent for a month stay, and so do leases without an end date', async (t) => {
    const gateway = await createGateway(t, 15);
    for (const expires of [readTime() + 60 * DAY, undefined])
      await claim(gateway, { ticket: await grant(gateway, { expires }), key: makeKey() });
    const before = await readPeers(gateway);
    assert.equal(before.length, 2);
    for (const days of [30, 31, 32]) {
      const { exitCode, stderr } = await gateway.cleanUpAt(readTime() + days * DAY);
      assert.equal(exitCode, 0, stderr);
      assert.match(stderr, /"removed":0/);
    }
    assert.deepEqual(await readPeers(gateway), before);
  });

  test('once its quarantine is over an address goes to another lease, and its own gets another one when it is extended', async (t) => {
    const gateway = await createGateway(t, 16, 0);
    const [first, second] = [await grant(gateway), await grant(gateway)];
    const [key, other] = [makeKey(), makeKey()];
    const before = readAddresses((await claim(gateway, { ticket: first, key })).config);
    const table = await openTable(gateway);
    await table.revoke(first.id, readTime());
    await pass(gateway);
    assert.deepEqual(readAddresses((await claim(gateway, { ticket: second, key: other })).config), before);
    assert.equal((await table.extend(first.id, readTime() + DAY))?.addresses, 'new');
    await pass(gateway);
    const after = readAddresses((await claim(gateway, { ticket: first, key })).config);
    assert.notDeepEqual(after, before);
    assert.deepEqual(await readPeers(gateway), await readLeases(gateway));
    assert.equal((await readPeers(gateway)).length, 2);
  });

  test('a key of a lease that has ended may have a new lease', async (t) => {
    const gateway = await createGateway(t, 17);
    const [first, second, key] = [await grant(gateway), await grant(gateway), makeKey()];
    await claim(gateway, { ticket: first, key });
    assert.equal((await claim(gateway, { ticket: second, key })).code, 'PROHIBITED_WGKEY', 'while that one lasts');
    await (await openTable(gateway)).revoke(first.id, readTime());
    assert.equal((await claim(gateway, { ticket: second, key })).code, 'OK', 'even before the next pass');
    assert.deepEqual(await readPeers(gateway), await readLeases(gateway));
    await pass(gateway);
    assert.deepEqual(await readPeers(gateway), await readLeases(gateway));
    assert.equal((await readPeers(gateway)).length, 1);
  });
});

async function createGateway(t: TestContext, number: number, quarantineDays = 7): Promise<Gateway> {
  const gateway = await Gateway.create(number, [leased(number, { quarantine_days: quarantineDays })]);
  t.after(() => gateway.close());
  await gateway.configure();
  await gateway.start();
  return gateway;
}

/** One pass, which must succeed; returns its log. */
async function pass(gateway: Gateway): Promise<string> {
  const { exitCode, stderr } = await gateway.cleanUp();
  assert.equal(exitCode, 0, stderr);
  return stderr;
}

function readTime(): number {
  return Math.floor(Date.now() / 1000);
}
