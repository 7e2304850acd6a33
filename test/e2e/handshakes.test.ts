import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ageRecord, ageRemembered } from '../../lab/aging.ts';
import { exchange, makeKey } from '../../lab/client.ts';
import { COLLIDING_KEYS } from '../../lab/colliding-keys.ts';
import { eventually, pause, sh } from '../../lab/commands.ts';
import { Crowd } from '../../lab/crowd.ts';
import { Gateway } from '../../lab/gateway.ts';
import { shakeHands } from '../../lab/noise.ts';
import { lookUp } from '../../lab/operator.ts';
import { Router } from '../../lab/router.ts';
import { deriveLinkAddress } from '../../src/core/values/derived-address.ts';
import { parsePublicKey } from '../../src/core/values/public-key.ts';

/** Of the contract: for this long an address is kept for a new key that may be about to connect. */
const CONNECT_SECONDS = 60;
const HOUR = 3600;
const YEAR_MILLISECONDS = 365 * 86_400_000;

const [OWNER, NEWCOMER] = COLLIDING_KEYS;

let gateway: Gateway;

before(async () => {
  gateway = await Gateway.create(4);
  await gateway.start();
});
after(() => gateway.close());

// First, as this gateway has IPv4 routers after it: see FAMILIES.
test('a router with an address in ::/96 does not keep others from an exchange', async () => {
  await gateway.run('ip', 'address', 'add', '::10.9.9.1/96', 'dev', 'uplink', 'nodad');
  const router = await Router.create(gateway, 4);
  await router.run('ip', 'address', 'add', '::10.9.9.2/96', 'dev', 'uplink', 'nodad');
  assert.equal(await router.exchange('ffww01', '::10.9.9.1'), 'OK');
  await router.up('ffww01', '::10.9.9.1');
  await router.connected();
  assert.equal((await gateway.findPeer(router.key))?.endpoint, '::a09:902');
  assert.equal(await exchange(gateway.address, 'ffww01', makeKey()), 'OK\n');
  assert.equal((await gateway.cleanUp()).exitCode, 0);
});

describe('a returning router', () => {
  test('whose clock went backwards connects again', async () => {
    const privateKey = await sh('wg', 'genkey');
    const key = await sh('sh', '-c', `echo ${privateKey} | wg pubkey`);
    const handshake = {
      host: gateway.address,
      port: gateway.wireguardPort(),
      privateKey,
      gatewayKey: await gateway.publicKey(),
    };
    const now = new Date();
    const yearAgo = new Date(now.getTime() - YEAR_MILLISECONDS);

    assert.equal(await exchange(gateway.address, 'ffww01', key), 'OK\n');
    assert.equal(await shakeHands({ ...handshake, now }), true);
    await eventually(
      'the gateway had a handshake',
      async () => (await gateway.findPeer(key))?.lastHandshake !== 'never',
    );

    assert.equal(
      await shakeHands({ ...handshake, now: yearAgo, waitMilliseconds: 1000 }),
      false,
      'WireGuard itself refuses a clock that went back',
    );
    assert.equal(await exchange(gateway.address, 'ffww01', key), 'OK\n');
    assert.equal((await gateway.findPeer(key))?.lastHandshake, 'never', 'the gateway forgot what it knew of the clock');
    assert.equal(await shakeHands({ ...handshake, now: yearAgo }), true);
  });
});

describe('the key of a live router', () => {
  test('does not interrupt its session when a stranger sends it from another address', async () => {
    const router = await Router.create(gateway, 1);
    assert.equal(await router.exchange('ffww01'), 'OK');
    await router.up();
    await router.connected();
    await router.ping(1);
    const before = await gateway.findPeer(router.key);
    const pings = router.ping(15);
    for (let time = 0; time < 20; time++) {
      assert.equal(await exchange(gateway.address, 'ffww01', router.key), 'OK\n');
      await pause(50);
    }
    await pings;
    await gateway.requireUninterrupted(before);
  });

  test('starts a new session when the router itself sends it', async () => {
    const router = await Router.create(gateway, 2);
    await router.exchange('ffww01');
    await router.up();
    await router.connected();
    await router.down();
    assert.equal(await router.exchange('ffww01'), 'OK');
    assert.equal((await gateway.findPeer(router.key))?.lastHandshake, 'never');
    await router.up();
    await router.connected();
    await router.ping();
  });
});

describe('a colliding address', () => {
  test('is kept for the first 60 s of a key without a handshake, and then goes to the next key that registers', async () => {
    const [one, other] = await Promise.all(
      ['4.1', '4.2'].map((host) => gateway.segment.addSource(gateway.segment.ipv4(host))),
    );
    const register = (key: string, from = '') => exchange(gateway.address, 'ffww01', key, { from });
    assert.equal(await register(NEWCOMER.publicKey, one), 'OK\n');
    assert.equal(await register(OWNER.publicKey, other), 'ERR: BUSY\n');
    await ageRecord(gateway, CONNECT_SECONDS);
    assert.equal(await register(OWNER.publicKey, other), 'OK\n');
    assert.equal(await gateway.findPeer(NEWCOMER.publicKey), undefined);
    assert.equal(await register(NEWCOMER.publicKey, one), 'ERR: BUSY\n', 'its first 60 s');
    await ageRecord(gateway, CONNECT_SECONDS);
    assert.equal(await register(NEWCOMER.publicKey, one), 'OK\n');
    assert.equal(await register(OWNER.publicKey, other), 'OK\n', 'one household keeps an address once in an hour');
    await assertOwned();
  });

  test('is refused while its owner has a fresh handshake', async () => {
    const owner = await Router.create(gateway, 3, OWNER.privateKey);
    assert.equal(owner.key, OWNER.publicKey);
    await owner.exchange('ffww01');
    await owner.up();
    await owner.connected();
    const unchanged = await gateway.snapshot();
    assert.equal(await exchange(gateway.address, 'ffww01', NEWCOMER.publicKey), 'ERR: ADDRESS_TAKEN\n');
    assert.equal(await gateway.snapshot(), unchanged);
    await owner.ping();
  });
});

describe('a router that had a handshake, has registered again, and has not connected yet', () => {
  let remembering: Gateway;
  let crowd: Crowd;
  /** Each from its own source and network. */
  const register = (key: string, index: number) =>
    exchange(remembering.address, 'ffww01', key, { from: crowd.ipv4(index << 8) });

  before(async () => {
    remembering = await Gateway.create(73);
    crowd = await Crowd.gather(remembering);
    await remembering.configure({}, { max_pending: 10 });
    await remembering.start();
    const owner = await Router.create(remembering, 1, OWNER.privateKey);
    await owner.exchange('ffww01');
    await owner.up();
    await owner.connected();
    await remembering.cleanUp();
    await owner.down();
    assert.equal(await owner.exchange('ffww01'), 'OK');
    assert.equal((await remembering.findPeer(owner.key))?.lastHandshake, 'never');
  });
  after(() => remembering.close());

  test('keeps its address', async () => {
    assert.equal(await register(NEWCOMER.publicKey, 0), 'ERR: ADDRESS_TAKEN\n');
    assert.equal(await remembering.findPeer(NEWCOMER.publicKey), undefined);
  });

  test('is not pending until it is stale', async () => {
    for (let index = 0; index < 10; index++) assert.equal(await register(makeKey(), index), 'OK\n');
    assert.equal(await register(makeKey(), 10), 'ERR: FULL\n');
    const count = async () => (await lookUp(remembering, ['status'])).document.domains[0].peers.pending;
    assert.equal(await count(), 10);
    await ageRemembered(remembering, HOUR + 1);
    assert.equal(await count(), 11);
  });
});

async function assertOwned(): Promise<void> {
  const { address } = deriveLinkAddress(parsePublicKey(OWNER.publicKey), 'eui64');
  assert.deepEqual((await gateway.findPeer(OWNER.publicKey))?.allowedIps, [`${address}/128`]);
  assert.equal((await gateway.entries()).filter(({ destination }) => destination === address).length, 2);
}
