import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually } from '../../lab/commands.ts';
import { IPERF3, transfer } from '../../lab/iperf3.ts';
import { CLIENT_PORT, GATEWAY_INSIDE, RELAY_PORT, RelayScene, WIREGUARD_PORT } from '../../lab/relay.ts';

const OTHER = fileURLToPath(new URL('udp_over_tcp.py', import.meta.url));
const PYTHON = '/usr/bin/python3';

describe('another implementation of the framing', () => {
  let scene: RelayScene;

  before(async () => {
    scene = await RelayScene.create(34);
    await scene.blockUdp();
    scene.run(scene.gateway, ...IPERF3, '--server');
  });
  after(() => scene.close());

  test('is a client for our server', async () => {
    await scene.startServer();
    const words = ['client', String(CLIENT_PORT), scene.segment.ipv4('0.1'), String(RELAY_PORT)];
    const other = scene.run(scene.far, PYTHON, OTHER, ...words);
    await scene.dial();
    await scene.reachesGateway();
    await carriesBulk();
    await scene.server?.stop();
    await other.stop();
    await scene.forget();
  });

  test('is a server for our client', async () => {
    const other = scene.run(scene.gateway, PYTHON, OTHER, 'server', String(RELAY_PORT), String(WIREGUARD_PORT));
    await eventually('it listens', () => other.stdout !== '');
    await scene.startClient(scene.segment.ipv4('0.1'));
    await scene.dial();
    await scene.reachesGateway();
    await carriesBulk();
  });

  async function carriesBulk(): Promise<void> {
    for (const options of [[], ['--reverse']]) {
      const { bytes } = await transfer(scene.far, GATEWAY_INSIDE, 1, ...options);
      assert.ok(bytes > 1_000_000, `${bytes}`);
    }
  }
});
