import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { describe, test } from 'node:test';
import { open } from '../../lab/client.ts';
import { attempt, type Background, eventually, pause, shIn } from '../../lab/commands.ts';
import { deliver } from '../../lab/iperf3.ts';
import { FAR_INSIDE, GATEWAY_INSIDE, METRICS_PORT, RELAY_PORT, RelayScene, WIREGUARD_PORT } from '../../lab/relay.ts';
import { RoundTrip } from '../../lab/round-trip.ts';

/** A campaign has 5000 connections, and three minutes without a network. */
const CONNECTIONS = Number(process.env['RELAY_CONNECTIONS'] ?? 1200);
const OUTAGE_SECONDS = Number(process.env['RELAY_OUTAGE_SECONDS'] ?? 8);
const SILENT_SECONDS = 130;
const PER_SOURCE = 20;
const ROUND_TRIP_MILLISECONDS = 100;
/** Of one end, with all that waits in it. */
const MOST_MEMORY_BYTES = 200e6;
const DROPPED = 'wgkex_relay_dropped_total{reason="waiting"}';
const OPENED = 'wgkex_relay_connections_opened_total';
const METRICS = ['--metrics', `127.0.0.1:${METRICS_PORT}`];

describe('the tunnel stays up over a round trip of 100 ms, and memory bounded,', () => {
  for (const [index, hardship] of [{ lostPercent: 1 }, { lostPercent: 5 }, { latePercent: 10 }].entries())
    test(`with ${JSON.stringify(hardship)}`, async (t) => {
      const scene = await buildScene(40 + index);
      t.after(() => scene.close());
      await (await RoundTrip.create(scene, ROUND_TRIP_MILLISECONDS, hardship)).moveAway(scene.far);
      await scene.dial();
      await scene.reachesGateway();
      await deliver(scene, 200_000);
      // Far more than can get through: the relay must drop it, as UDP would.
      await flood(scene.far, GATEWAY_INSIDE);
      assert.ok((await scene.readMetric(scene.far, DROPPED)) > 100);
      await requireBoundedMemory(scene);
      await scene.reachesGateway();
    });
});

test('the tunnel comes back after each part was away', async (t) => {
  const scene = await buildScene(43);
  t.after(() => scene.close());
  await scene.dial();
  await scene.reachesGateway();

  await t.test('the server was killed and started again', async () => {
    await scene.server?.stop('SIGKILL');
    await eventually('the client notices', () => scene.client?.stderr.includes('relay closed') === true);
    await scene.startServer(...METRICS);
    await scene.reachesGateway();
  });

  await t.test('WireGuard was away on the gateway, and the connection stayed', async () => {
    const opened = await scene.readMetric(scene.gateway, OPENED);
    await scene.setGatewayPort(WIREGUARD_PORT + 1);
    await eventually('the server notices', () => scene.server?.stderr.includes('target unreachable') === true);
    await scene.setGatewayPort(WIREGUARD_PORT);
    await scene.reachesGateway();
    assert.equal(await scene.readMetric(scene.gateway, OPENED), opened);
  });

  await t.test(`the network was away for ${OUTAGE_SECONDS} s`, async () => {
    const drop = (hook: string, way: string) =>
      `chain ${hook} { type filter hook ${hook} priority 1; ${way} "uplink" drop; }`;
    await shIn(scene.far, 'nft', `table inet gone { ${drop('input', 'iifname')}; ${drop('output', 'oifname')}; }`);
    await pause(OUTAGE_SECONDS * 1000);
    await shIn(scene.far, 'nft', 'delete', 'table', 'inet', 'gone');
    await scene.reachesGateway();
    if (OUTAGE_SECONDS > SILENT_SECONDS) assert.match(scene.server?.stderr ?? '', /silent for 130 s/);
  });

  await t.test('the client did not read while the gateway sent', async () => {
    try {
      scene.client?.child.kill('SIGSTOP');
      await flood(scene.gateway, FAR_INSIDE);
      assert.ok((await scene.readMetric(scene.gateway, DROPPED)) > 0);
      await requireBoundedMemory(scene);
    } finally {
      scene.client?.child.kill('SIGCONT');
    }
    await scene.reachesGateway();
  });
});

test(`${CONNECTIONS} silent connections keep no router out`, async (t) => {
  const scene = await buildScene(44);
  const sockets: Socket[] = [];
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    await scene.close();
  });
  await scene.dial();
  await scene.reachesGateway();
  for (let source = 0; source * PER_SOURCE < CONNECTIONS; source++) {
    const from = await scene.segment.addSource(scene.segment.ipv4(`9.${source + 1}`));
    const opening = Array.from({ length: PER_SOURCE }, () =>
      open(scene.segment.ipv4('0.1'), { from, port: RELAY_PORT }),
    );
    sockets.push(...(await Promise.all(opening)));
  }
  for (const socket of sockets) socket.on('error', () => {});
  await scene.reachesGateway();
  assert.ok((await scene.readMetric(scene.gateway, 'wgkex_relay_connections ')) <= 1000);
  await scene.client?.stop();
  await scene.startClient(scene.segment.ipv4('0.1'));
  await scene.reachesGateway();
  await requireBoundedMemory(scene);
});

/** As many datagrams as the machine can make in two seconds. */
async function flood(namespace: string, host: string): Promise<void> {
  const words = ['2', 'socat', '-u', '-b', '1200', 'OPEN:/dev/zero', `UDP4-SENDTO:${host}:9`];
  await attempt(namespace, 'timeout', words);
}

/** Both ends of the relay run, with metrics, and UDP is blocked. */
async function buildScene(number: number): Promise<RelayScene> {
  const scene = await RelayScene.create(number);
  await scene.blockUdp();
  await scene.startServer(...METRICS);
  await scene.startClient(scene.segment.ipv4('0.1'), ...METRICS);
  return scene;
}

async function requireBoundedMemory({ server, client }: RelayScene): Promise<void> {
  for (const end of [server, client]) {
    const bytes = await readResidentBytes(end);
    assert.ok(bytes < MOST_MEMORY_BYTES, `${bytes}`);
  }
}

async function readResidentBytes(program: Background | undefined): Promise<number> {
  const status = await readFile(`/proc/${program?.pid}/status`, 'utf8');
  return Number(status.match(/^VmRSS:\s+(\d+) kB$/m)?.[1]) * 1024;
}
