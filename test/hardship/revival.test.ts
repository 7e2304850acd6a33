import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { ageRecord, ageRemembered } from '../../lab/aging.ts';
import { exchange, makeKey } from '../../lab/client.ts';
import { eventually, pause, sh } from '../../lab/commands.ts';
import { Gateway } from '../../lab/gateway.ts';
import { connect, makeKeyPair } from '../../lab/operator.ts';
import { Router } from '../../lab/router.ts';

const HOUR = 3600;
/** Of the contract: how long a new key may take to connect. */
const CONNECT_SECONDS = 60;

let gateway: Gateway;
let router: Router;

describe('a router that was alive', () => {
  beforeEach(async () => {
    gateway = await Gateway.create(10, [{ name: 'ffww01', settings: { route: true } }]);
    await gateway.start();
    router = await Router.create(gateway, 1);
    assert.equal(await router.exchange('ffww01'), 'OK');
    await router.up();
    await router.connected();
  });
  afterEach(() => gateway.close());

  test('continues after a restart of the gateway without an exchange', async () => {
    await remakeStopped();
    await gateway.start();
    await isBack();
    await router.connected();
    await router.ping();
  });

  test('continues when the interfaces are recreated while the service runs, which notices by itself', async () => {
    assert.equal((await gateway.cleanUp()).exitCode, 0);
    const stranger = makeKey();
    assert.equal(await exchange(gateway.address, 'ffww01', stranger), 'OK\n');
    await gateway.removeInterfaces();
    await gateway.addInterfaces();
    await isBack();
    assert.equal(await gateway.findPeer(stranger), undefined, 'who never had a handshake stays away');
    const told = /"domain":"ffww01","keys":1,"of":1,.*recreated or emptied","msg":"restored"/;
    await eventually('the log says so', () => told.test(gateway.listener?.stderr ?? ''));
  });

  test('has its entries again when only the VXLAN is recreated', async () => {
    assert.equal((await gateway.cleanUp()).exitCode, 0);
    await gateway.run('ip', 'link', 'delete', gateway.vxlan());
    await gateway.addVxlan();
    await eventually('the entries are back', async () => (await gateway.entries()).length === 2);
    await isBack();
    await router.ping();
  });

  test('is restored by the next pass of the cleanup if no handler runs', async () => {
    await remakeStopped();
    const { stderr, exitCode } = await gateway.cleanUp();
    assert.equal(exitCode, 0, stderr);
    await isBack();
  });

  test('continues after a reboot, which only the state survives', async () => {
    await remakeStopped();
    await rm(gateway.recordFile());
    const state = JSON.parse(await readFile(gateway.stateFile(), 'utf8'));
    assert.deepEqual(Object.keys(state.alive), [router.key]);
    await writeFile(gateway.stateFile(), JSON.stringify({ ...state, interfaces: 'another-boot 1 2' }));
    await gateway.start();
    await isBack();
    assert.doesNotMatch(gateway.listener?.stderr ?? '', /record lost/);
  });

  test('is remembered over two restarts, although it was silent in between', async () => {
    await router.down();
    for (let restart = 1; restart <= 2; restart++) {
      await remakeStopped();
      await gateway.start();
      await isBack();
    }
  });

  test('stays away if it was disallowed since', async () => {
    await remakeStopped();
    await writeFile('/run/wgkex/disallowed-since', `${router.key}\n`);
    await gateway.configure({ disallowed_keys: '/run/wgkex/disallowed-since' });
    await gateway.start();
    await staysAway();
  });

  test('stays away if it was silent for an hour', async () => {
    await remakeStopped();
    await ageRemembered(gateway, HOUR + 1);
    await gateway.start();
    await staysAway();
  });

  test('is restored by the next exchange of any router when the interface was emptied', async () => {
    assert.equal((await gateway.cleanUp()).exitCode, 0);
    await gateway.run('wg', 'set', gateway.wireguard(), 'peer', router.key, 'remove');
    await pause(1000);
    assert.equal(await exchange(gateway.address, 'ffww01', makeKey()), 'OK\n');
    await isBack();
  });

  test('stays away if an operator removed it, and other live routers are there', async () => {
    const other = makeKeyPair('one who was alive, too');
    assert.equal(await exchange(gateway.address, 'ffww01', other.publicKey), 'OK\n');
    await connect(gateway, other);
    await gateway.listener?.stop();
    await gateway.run('wg', 'set', gateway.wireguard(), 'peer', router.key, 'remove');
    await gateway.start();
    await staysAway();
  });

  test('is not evicted for a new key, but one that never connected is', async () => {
    await router.down();
    await gateway.configure({}, { max_peers: 2 });
    await remakeStopped();
    await gateway.start();
    await isBack();
    const pending = makeKey();
    assert.equal(await exchange(gateway.address, 'ffww01', pending), 'OK\n');
    assert.equal(await exchange(gateway.address, 'ffww01', makeKey()), 'ERR: FULL\n');
    // A handler that is killed loses no knowledge: the pending key has had its 60 s.
    await ageRecord(gateway, CONNECT_SECONDS);
    const [killed = 0] = await gateway.findHandlers();
    process.kill(killed, 'SIGKILL');
    await eventually('another handler is there', async () => {
      const handlers = await gateway.findHandlers();
      return handlers.length === 1 && handlers[0] !== killed;
    });
    assert.equal(await exchange(gateway.address, 'ffww01', makeKey()), 'OK\n');
    await eventually('one process watches the interfaces', async () => {
      const processes = await sh('sh', '-c', `ps -o args= -p "$(ip netns pids ${gateway.namespace} | paste -sd,)"`);
      return processes.match(/ -oneline monitor link/g)?.length === 1;
    });
    assert.equal(await gateway.findPeer(pending), undefined);
    await isBack();
  });
});

/** Does the same to a gateway as a reboot: the service ends cleanly, and the interfaces are recreated. */
async function remakeStopped(): Promise<void> {
  await gateway.listener?.stop();
  await gateway.removeInterfaces();
  await gateway.addInterfaces();
  assert.deepEqual(await gateway.peers(), []);
}

/** Peer, entries and route of the router are there. */
async function isBack(): Promise<void> {
  const { address, mac } = router.link;
  await eventually('the peer is back', async () => (await gateway.findPeer(router.key)) !== undefined);
  await eventually('its entries are back', async () => {
    const entries = (await gateway.entries()).filter(({ destination }) => destination === address);
    return entries.length === 2 && entries.some((entry) => entry.mac === mac);
  });
  const route = new RegExp(`^${address} dev ${gateway.wireguard()} `, 'm');
  await eventually('its route is back', async () => route.test(await gateway.run('ip', '-6', 'route')));
}

/** Long enough for the handler to look at the interfaces: an exchange is served after that. */
async function staysAway(): Promise<void> {
  assert.equal(await exchange(gateway.address, 'ffww01', makeKey()), 'OK\n');
  await pause(100);
  assert.equal(await gateway.findPeer(router.key), undefined);
}
