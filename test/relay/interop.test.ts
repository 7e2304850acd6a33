import { describe, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually } from '../../lab/commands.ts';
import { deliver } from '../../lab/iperf3.ts';
import { CLIENT_PORT, RELAY_PORT, RelayScene, WIREGUARD_PORT } from '../../lab/relay.ts';

const OTHER = fileURLToPath(new URL('udp_over_tcp.py', import.meta.url));
const PYTHON = '/usr/bin/python3';
const BULK_BYTES = 2_000_000;

describe('another implementation of the framing', () => {
  test('is a client for our server', async (t) => {
    const scene = await buildScene(t, 34);
    await scene.startServer();
    const words = ['client', String(CLIENT_PORT), scene.segment.ipv4('0.1'), String(RELAY_PORT)];
    const other = scene.run(scene.far, PYTHON, OTHER, ...words);
    await eventually('it is connected', () => other.stdout !== '');
    await carriesBulk(scene);
  });

  test('is a server for our client', async (t) => {
    const scene = await buildScene(t, 35);
    const other = scene.run(scene.gateway, PYTHON, OTHER, 'server', String(RELAY_PORT), String(WIREGUARD_PORT));
    await eventually('it listens', () => other.stdout !== '');
    await scene.startClient(scene.segment.ipv4('0.1'));
    await carriesBulk(scene);
  });
});

async function buildScene(t: TestContext, number: number): Promise<RelayScene> {
  const scene = await RelayScene.create(number);
  t.after(() => scene.close());
  await scene.blockUdp();
  return scene;
}

async function carriesBulk(scene: RelayScene): Promise<void> {
  await scene.dial();
  await scene.reachesGateway();
  for (const options of [[], ['--reverse']]) await deliver(scene, BULK_BYTES, ...options);
}
