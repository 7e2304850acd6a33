// Measures wgkex-relay between two machines in namespaces: throughput with iperf3 in both directions, processor time and
// latency, in turns with plain UDP and with a pair of socats. Usage: npm run bench:relay
import assert from 'node:assert/strict';
import { type Background, shIn } from '../lab/commands.ts';
import { transfer } from '../lab/iperf3.ts';
import { CLIENT_PORT, GATEWAY_INSIDE, RelayScene, WIREGUARD_PORT } from '../lab/relay.ts';
import { readOwnCpuSeconds } from './processes.ts';
import { findMedian, sum } from './statistics.ts';

const RUNS = 5;
const SECONDS = 4;
const PINGS = 300;
const SOCAT_TCP_PORT = 4443;
const SOCAT_UDP_PORT = 51822;

/** A way from the far machine to the gateway, with the processes whose time it takes. */
interface Way {
  readonly name: string;
  readonly endpoint: string;
  readonly programs: readonly Background[];
}

interface Figures {
  /** Megabits per second, towards the gateway and from it. */
  readonly up: number;
  readonly down: number;
  /** Of processor time per gigabyte, both ends together. */
  readonly secondsPerGigabyte: number;
  readonly roundTripMilliseconds: number;
}

const scene = await RelayScene.create(32);
try {
  const ways = await openWays();
  const runs = new Map<string, Figures[]>(ways.map(({ name }) => [name, []]));
  for (let run = 0; run < RUNS; run++) for (const way of ways) runs.get(way.name)?.push(await measure(way));
  print(new Map([...runs].map(([name, figures]) => [name, summarize(figures)])));
} finally {
  await scene.close();
}
// The children of the socats keep their pipes open.
process.exit();

async function openWays(): Promise<Way[]> {
  const gateway = scene.segment.ipv4('0.1');
  await scene.startServer();
  await scene.startClient(gateway);
  const socats = [
    scene.run(scene.gateway, 'socat', `TCP4-LISTEN:${SOCAT_TCP_PORT},nodelay,fork`, `UDP4:127.0.0.1:${WIREGUARD_PORT}`),
    scene.run(scene.far, 'socat', `UDP4-LISTEN:${SOCAT_UDP_PORT},fork`, `TCP4:${gateway}:${SOCAT_TCP_PORT},nodelay`),
  ];
  const { server, client } = scene;
  assert.ok(server !== undefined && client !== undefined);
  return [
    { name: 'plain UDP', endpoint: `${gateway}:${WIREGUARD_PORT}`, programs: [] },
    { name: 'wgkex-relay', endpoint: `127.0.0.1:${CLIENT_PORT}`, programs: [server, client] },
    { name: 'two socats', endpoint: `127.0.0.1:${SOCAT_UDP_PORT}`, programs: socats },
  ];
}

/** A session of its own, so that nothing of another way is left in it. */
async function measure({ endpoint, programs }: Way): Promise<Figures> {
  await scene.forget();
  await scene.dial(endpoint);
  await scene.reachesGateway();
  const roundTripMilliseconds = await ping();
  const before = countSeconds(programs);
  const up = await transfer(scene, SECONDS);
  const down = await transfer(scene, SECONDS, '--reverse');
  const gigabytes = (up.bytes + down.bytes) / 1e9;
  return {
    up: up.megabits,
    down: down.megabits,
    secondsPerGigabyte: (countSeconds(programs) - before) / gigabytes,
    roundTripMilliseconds,
  };
}

function countSeconds(programs: readonly Background[]): number {
  return sum(programs.map(({ pid }) => readOwnCpuSeconds(pid)));
}

async function ping(): Promise<number> {
  const printed = await shIn(scene.far, 'ping', '-c', String(PINGS), '-i', '0.005', '-w', '10', GATEWAY_INSIDE);
  return findMedian([...printed.matchAll(/time=([\d.]+) ms/g)].map(([, time]) => Number(time)));
}

function summarize(runs: readonly Figures[]): Figures {
  const median = (name: keyof Figures) => findMedian(runs.map((figures) => figures[name]));
  return {
    up: median('up'),
    down: median('down'),
    secondsPerGigabyte: median('secondsPerGigabyte'),
    roundTripMilliseconds: median('roundTripMilliseconds'),
  };
}

function print(medians: ReadonlyMap<string, Figures>): void {
  console.log(`median of ${RUNS} runs in turns, ${SECONDS} s a direction, ${PINGS} pings`);
  const plain = medians.get('plain UDP');
  for (const [name, { up, down, secondsPerGigabyte, roundTripMilliseconds }] of medians) {
    const ratio = (figure: number, of = 0) => `${figure.toFixed(0)} Mbit/s (${(figure / of).toFixed(2)})`;
    const added = roundTripMilliseconds - (plain?.roundTripMilliseconds ?? 0);
    console.log(
      [
        name.padEnd(12),
        `to the gateway ${ratio(up, plain?.up)}`,
        `from it ${ratio(down, plain?.down)}`,
        `${secondsPerGigabyte.toFixed(1)} s of processor time a GB`,
        `round trip ${roundTripMilliseconds.toFixed(3)} ms (+${added.toFixed(3)})`,
      ].join(', '),
    );
  }
}
