// A fleet with real interfaces: the second part of `npm run bench:fleet`, in a lab. Ten gateways and three fronts serve 5,000 routers by
// v2 and 500 by v1; then what a front adds to an exchange. Takes some ten minutes.
import { Broker } from '../lab/broker.ts';
import { LabFleet, nameOf, type Told, V1, V2 } from '../lab/fleet.ts';
import type { Gateway } from '../lab/gateway.ts';
import { registerAsFastAs } from '../lab/simulation/routers.ts';
import { describeMachine } from './results.ts';
import { findMedian } from './statistics.ts';

const BY_V2 = 5000;
const BY_V1 = 500;
const CLIENTS_V2 = 8;
const CLIENTS_V1 = 2;
/** Of the ten gateways, in turn. */
const WEIGHTS = [1, 2, 3];
/** None of them ever connects. */
const ROOM = { max_peers: 100_000, max_pending: 100_000 };
const LATENCIES = 100;
const CLIENTS = 64;
const ROUNDS = 3;
const ROUND = { count: Number.POSITIVE_INFINITY, seconds: 15 };

const say = (line: string) => console.log(line);
const { cores, node, loadBefore } = describeMachine();
say(`${cores} cores, Node ${node}, load ${loadBefore.toFixed(1)}`);
await serveMany();
await compare();

async function serveMany(): Promise<void> {
  const numbers = Array.from({ length: 10 }, (_, index) => 110 + index);
  const weights = numbers.map((_, index) => WEIGHTS[index % WEIGHTS.length] ?? 1);
  const fleet = await LabFleet.create(await Broker.start(1893), numbers, [121, 122, 123], weights, ROOM);
  try {
    const begin = performance.now();
    const told = await registerMany(fleet, BY_V2, CLIENTS_V2, V2);
    const seconds = (performance.now() - begin) / 1000;
    await fleet.requireHonest(told);
    say(
      `${told.length} routers by v2 over 3 fronts, ${Math.round(told.length / seconds)} a second; refused at last: ${count(told, (reply) => !reply.endsWith('.example.org'))}`,
    );
    say('every router is in the kernel of the gateway that its reply named');
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    for (const [index, gateway] of fleet.gateways.entries()) {
      const share = count(told, (reply) => reply === nameOf(gateway)) / told.length;
      say(
        `  ${gateway.namespace}: ${percent(share)} of the routers, ${percent((weights[index] ?? 0) / total)} of the weight`,
      );
    }
    const all = await registerMany(fleet, BY_V1, CLIENTS_V1, V1);
    const kernels = [...(await fleet.readKernels()).values()];
    const granted = all.filter(({ reply }) => reply === 'OK');
    const missing = granted.filter(({ key }) => kernels.some((keys) => !keys.has(key)));
    say(
      `${all.length} routers by v1: ${granted.length} OK; ${missing.length} of them are not in all ${kernels.length} kernels`,
    );
  } finally {
    await fleet.close();
  }
}

/** The only gateway of a fleet, asked by way of a front and directly, in turns. */
async function compare(): Promise<void> {
  const fleet = await LabFleet.create(await Broker.start(1894), [124], [125], [1], ROOM);
  try {
    const [gateway] = fleet.gateways as [Gateway];
    const [front] = fleet.fronts as [Gateway];
    const ways = [
      { name: 'by a front', at: front },
      { name: 'directly', at: gateway },
    ];
    const times = new Map(ways.map(({ name }) => [name, [] as number[]]));
    for (let index = 0; index < LATENCIES; index++)
      for (const { name, at } of ways) times.get(name)?.push((await timed(fleet, at)).milliseconds);
    for (const { name } of ways) say(`at rest, ${name}: ${findMedian(times.get(name) ?? []).toFixed(1)} ms`);
    const rates = new Map(ways.map(({ name }) => [name, [] as number[]]));
    for (let round = 0; round < ROUNDS; round++)
      for (const { name, at } of ways) {
        const begin = performance.now();
        const told = await registerAsFastAs(CLIENTS, ROUND, () => timed(fleet, at));
        const good = told.filter(({ reply }) => reply === nameOf(gateway)).length;
        rates.get(name)?.push(good / ((performance.now() - begin) / 1000));
      }
    for (const { name } of ways)
      say(`${CLIENTS} clients, ${name}: ${findMedian(rates.get(name) ?? []).toFixed(1)} a second`);
  } finally {
    await fleet.close();
  }
}

async function registerMany(fleet: LabFleet, number: number, clients: number, path: string): Promise<Told[]> {
  let begun = 0;
  return registerAsFastAs(clients, { count: number, seconds: Number.POSITIVE_INFINITY }, async () => {
    const front = fleet.fronts[begun++ % fleet.fronts.length] as Gateway;
    return { ...(await fleet.registerPatiently(front, path)), milliseconds: 0 };
  });
}

async function timed(fleet: LabFleet, at: Gateway) {
  const begin = performance.now();
  const told = await fleet.register(at, V2);
  return { ...told, milliseconds: performance.now() - begin };
}

function count(told: readonly Told[], isCounted: (reply: string) => boolean): number {
  return told.filter(({ reply }) => isCounted(reply)).length;
}

function percent(part: number): string {
  return `${(part * 100).toFixed(1)} %`;
}
