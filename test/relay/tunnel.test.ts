import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { readContextSwitches } from '../../bench/processes.ts';
import { open } from '../../lab/client.ts';
import { eventually, pause, shIn } from '../../lab/commands.ts';
import { deliver } from '../../lab/iperf3.ts';
import { CLIENT_PORT, FAR_INSIDE, GATEWAY_INSIDE, RELAY_PORT, RelayScene, WIREGUARD_PORT } from '../../lab/relay.ts';

/** Without the framing nothing of it gets through. */
const BULK_BYTES = 20_000_000;
const REST_SECONDS = 4;
/** Of all threads: V8 tidies up a while after the start. */
const MOST_SWITCHES = 4;
/** Of 127.64.0.0/10. */
const OWN_ADDRESS = /^127\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./;
/** A name that leads nowhere at first. */
const NAME = 'gw.relay.example';
const HOSTS = '/etc/hosts';

describe('with UDP blocked', () => {
  let scene: RelayScene;

  before(async () => {
    scene = await RelayScene.create(31);
    await scene.blockUdp();
    await scene.startServer();
    await scene.startClient();
  });
  after(() => scene.close());

  test('at rest neither end runs, also with an open connection', async (t) => {
    const socket = await open(scene.segment.ipv4('0.1'), { port: RELAY_PORT });
    t.after(() => socket.destroy());
    await pause(2000);
    const count = () => [scene.server, scene.client].map((end) => readContextSwitches(end?.pid ?? 0));
    const before = count();
    await pause(REST_SECONDS * 1000);
    const switches = count().map((now, index) => now - (before[index] ?? 0));
    assert.ok(Math.max(...switches) <= MOST_SWITCHES, `${switches}`);
  });

  test('there is no tunnel without the relay', async () => {
    await scene.dial(`${scene.segment.ipv4('0.1')}:${WIREGUARD_PORT}`);
    await assert.rejects(shIn(scene.far, 'ping', '-c', '1', '-W', '2', GATEWAY_INSIDE));
    await scene.forget();
  });

  test('the tunnel comes up through the relay, and pings pass in both directions', async () => {
    await scene.dial();
    await scene.reachesGateway();
    await shIn(scene.far, 'ping', '-c', '20', '-i', '0.05', '-w', '10', GATEWAY_INSIDE);
    await shIn(scene.gateway, 'ping', '-c', '20', '-i', '0.05', '-w', '10', FAR_INSIDE);
  });

  test('bulk traffic passes in both directions', async () => {
    for (const options of [[], ['--reverse']]) await deliver(scene, BULK_BYTES, ...options);
  });

  test('WireGuard on the gateway sees an address that belongs to the source', async () => {
    assert.match(await scene.findEndpoint(), OWN_ADDRESS);
  });

  test('a name is resolved again at each connection', async () => {
    const hosts = await readFile(HOSTS, 'utf8');
    const name = (address: string) => writeFile(HOSTS, `${hosts}${address} ${NAME}\n`);
    await name('127.0.0.9');
    await scene.client?.stop();
    await scene.startClient(NAME);
    await eventually('the client is refused', () => scene.client?.stderr.includes('ECONNREFUSED') === true);
    await name(scene.segment.ipv4('0.1'));
    await scene.reachesGateway();
  });
});

test('all of it works over IPv6 alone', async (t) => {
  const scene = await RelayScene.create(33);
  t.after(() => scene.close());
  await scene.blockUdp();
  await scene.start(scene.gateway, 'server', '--listen', `[::]:${RELAY_PORT}`, '--to', `[::1]:${WIREGUARD_PORT}`);
  const server = `[${scene.segment.ipv6('0::1')}]:${RELAY_PORT}`;
  await scene.start(scene.far, 'client', '--listen', `[::1]:${CLIENT_PORT}`, '--to', server);
  await scene.dial(`[::1]:${CLIENT_PORT}`);
  await scene.reachesGateway();
  assert.match(await scene.findEndpoint(), /^\[::1\]:/);
});
