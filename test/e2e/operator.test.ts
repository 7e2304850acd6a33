import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { exchange, makeKey } from '../../lab/client.ts';
import { Gateway } from '../../lab/gateway.ts';
import { Router } from '../../lab/router.ts';
import { deriveLinkAddress } from '../../src/core/values/derived-address.ts';
import { parsePublicKey } from '../../src/core/values/public-key.ts';

let gateway: Gateway;

before(async () => {
  gateway = await Gateway.create(6);
  await gateway.start();
});
after(() => gateway.close());

test("an operator's live peer survives exchange, collision and cleanup untouched", async () => {
  const operators = await Router.create(gateway, 1);
  const ownAddress = operators.link.address;
  await gateway.run(
    'wg',
    'set',
    gateway.wireguard(),
    'peer',
    operators.key,
    'allowed-ips',
    `${ownAddress}/128,192.0.2.0/24`,
  );
  const entry = ['dev', gateway.vxlan(), 'dst', ownAddress, 'via', gateway.wireguard()];
  await gateway.run('bridge', 'fdb', 'append', '00:00:00:00:00:00', ...entry);
  await operators.up();
  await operators.connected();
  await operators.ping(20);
  // The router may renew its session meanwhile; a peer that is removed and added again counts its bytes from 0.
  const counts: number[] = [];
  const count = async () => counts.push((await gateway.findPeer(operators.key))?.received ?? 0);
  const readAll = async () => {
    const { lastHandshake, ...peer } = (await gateway.findSession(operators.key)) ?? {};
    return { peer, isConnected: lastHandshake !== 'never', entries: await gateway.entries() };
  };
  const before = await readAll();
  await count();
  const pings = operators.ping(20);

  assert.equal(await operators.exchange('ffww01'), 'ERR: PROHIBITED_WGKEY', 'its own key');
  assert.equal(
    await exchange(gateway.address, 'ffww01', operators.key),
    'ERR: PROHIBITED_WGKEY\n',
    'its key by a stranger',
  );
  await count();
  const colliding = makeKey();
  const { address } = deriveLinkAddress(parsePublicKey(colliding), 'eui64');
  await gateway.run('wg', 'set', gateway.wireguard(), 'peer', makeKey(), 'allowed-ips', `${address}/128`);
  assert.equal(await exchange(gateway.address, 'ffww01', colliding), 'ERR: ADDRESS_TAKEN\n', 'a collision');
  await count();
  for (const time of ['first', 'second']) {
    assert.equal((await gateway.cleanUp()).exitCode, 0, `${time} pass`);
    await count();
  }

  await pings;
  assert.deepEqual(await readAll(), before);
  assert.deepEqual(
    counts,
    [...counts].sort((a, b) => a - b),
  );
});
