import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { makeKey } from '../../lab/client.ts';
import { Gateway } from '../../lab/gateway.ts';
import {
  claim,
  grant,
  grantMany,
  leased,
  type MemberReply,
  readAddresses,
  readLeases,
  readPeers,
} from '../../lab/leases.ts';

const TOKENS = 500;
const FREE = 300;
/** 510 hosts: the gateway has the first of them, and an operator's peer the other 209. */
const POOL = '10.66.0.0/23';
const OPERATORS = ['10.66.0.2/31', '10.66.0.4/30', '10.66.0.8/29', '10.66.0.16/28', '10.66.0.32/27', '10.66.0.64/26'];
OPERATORS.push('10.66.0.128/26', '10.66.0.192/28', '10.66.0.208/31', '10.66.0.210/32');
/** Makes a peer the operator's. */
const OUTSIDE = '192.0.2.1/32';
const CROWD = 50;

test(`${TOKENS} members at once for ${FREE} free addresses: as many get one, each another one, the others FULL`, async (t) => {
  const gateway = await createGateway(t, 1, POOL);
  const operators = [makeKey(), ...[...OPERATORS, OUTSIDE].sort()].join(' ');
  const [key = '', ...networks] = operators.split(' ');
  await gateway.run('wg', 'set', gateway.wireguard(), 'peer', key, 'allowed-ips', networks.join());
  const wanted = (await grantMany(gateway, TOKENS)).map((ticket) => ({ ticket, key: makeKey() }));
  const start = performance.now();
  const replies = await Promise.all(wanted.map((each) => claim(gateway, each)));
  t.diagnostic(`they took ${((performance.now() - start) / 1000).toFixed(2)} s`);

  assert.deepEqual(countCodes(replies), { OK: FREE, FULL: TOKENS - FREE });
  const got = replies.flatMap(({ config }, index) =>
    config === undefined ? [] : [[wanted[index]?.key, ...readAddresses(config)]],
  );
  assert.equal(new Set(got.map(([, address]) => address)).size, FREE, 'no address twice');
  const table = await readLeases(gateway);
  assert.deepEqual(table, got.map((words) => `${words.join(' ')}/32`).sort(), 'the table and the replies agree');
  assert.deepEqual(await readPeers(gateway), [...table, operators].sort(), 'the kernel and the table agree');
});

test('many at once with one token: the first gets the address, the others TOKEN_USED', async (t) => {
  const gateway = await createGateway(t, 5);
  const ticket = await grant(gateway);
  const replies = await Promise.all(Array.from({ length: CROWD }, () => claim(gateway, { ticket, key: makeKey() })));
  assert.deepEqual(countCodes(replies), { OK: 1, TOKEN_USED: CROWD - 1 });
  assert.deepEqual(await readPeers(gateway), await readLeases(gateway));
});

test('many at once with one key and a token each: one token is bound, and the others are left for other keys', async (t) => {
  const gateway = await createGateway(t, 6);
  const [key, tickets] = [makeKey(), await grantMany(gateway, CROWD)];
  const replies = await Promise.all(tickets.map((ticket) => claim(gateway, { ticket, key })));
  assert.deepEqual(countCodes(replies), { OK: 1, PROHIBITED_WGKEY: CROWD - 1 });
  const others = tickets.filter((_, index) => replies[index]?.code !== 'OK');
  const later = await Promise.all(others.map((ticket) => claim(gateway, { ticket, key: makeKey() })));
  assert.deepEqual(countCodes(later), { OK: CROWD - 1 });
  assert.deepEqual(await readPeers(gateway), await readLeases(gateway));
});

test('many at once with one key and its token: all get the same', async (t) => {
  const gateway = await createGateway(t, 7);
  const [ticket, key] = [await grant(gateway), makeKey()];
  const replies = await Promise.all(Array.from({ length: CROWD }, () => claim(gateway, { ticket, key })));
  assert.deepEqual(countCodes(replies), { OK: CROWD });
  assert.equal(new Set(replies.map(({ config }) => config)).size, 1);
  assert.deepEqual(await readPeers(gateway), await readLeases(gateway));
});

async function createGateway(t: TestContext, number: number, pool = '10.66.0.0/24'): Promise<Gateway> {
  const gateway = await Gateway.create(number, [leased(number, { pool: [pool] })]);
  t.after(() => gateway.close());
  await gateway.configure({ limits: { exempt: [`10.${number}.0.0/16`] } });
  await gateway.start();
  return gateway;
}

function countCodes(replies: readonly MemberReply[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { code } of replies) counts[code] = (counts[code] ?? 0) + 1;
  return counts;
}
