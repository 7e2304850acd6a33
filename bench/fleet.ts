// Measures a front of a fleet of many gateways, which have no interfaces: `npm run bench:fleet`, in a lab. Takes five minutes.
import { readFileSync } from 'node:fs';
import { pause } from '../lab/commands.ts';
import { BrokerCounters, type BrokerFigures } from '../lab/simulation/broker-figures.ts';
import { SimulatedFleet } from '../lab/simulation/fleet.ts';
import { type Registered, registerAsFastAs, registerAtRate } from '../lab/simulation/routers.ts';
import { readOwnCpuSeconds } from './processes.ts';
import { describeMachine } from './results.ts';
import { findQuantile } from './statistics.ts';

const SIZE = { gateways: 100, domains: 10 };
const PORT = 24_000;
/** Every gateway announces itself once in this time. */
const REST_SECONDS = 60;
const FEW = { count: 100, perSecond: 20 };
const CLIENTS = 64;
const MANY = { count: 10_000, seconds: 90 };
/** Then the front knows by the gateways' own numbers what it gave them. */
const LATER_SECONDS = 100;

const say = (line: string) => console.log(line);
const { cores, node, loadBefore } = describeMachine();
say(
  `${SIZE.gateways} gateways with ${SIZE.domains} domains each, one front; ${cores} cores, Node ${node}, load ${loadBefore.toFixed(1)}`,
);
const fleet = await SimulatedFleet.start(PORT, SIZE);
const counters = await BrokerCounters.open(PORT);
try {
  await measure(`at rest, ${REST_SECONDS} s`, () => pause(REST_SECONDS * 1000));
  const few = await measure(`${FEW.count} routers, ${FEW.perSecond} a second`, () =>
    registerAtRate(FEW.count, FEW.perSecond, () => fleet.register()),
  );
  await describe(few);
  const first = await crowd();
  await pause(LATER_SECONDS * 1000);
  const later = await crowd();
  say(`both crowds: the largest deviation of a share from its weight: ${printDeviation([...first, ...later])}`);
} finally {
  await counters.close();
  await fleet.close();
}

/** As many as can be. */
async function crowd(): Promise<Registered[]> {
  let seconds = 0;
  const registered = await measure(`${CLIENTS} clients`, async () => {
    const begin = performance.now();
    const all = await registerAsFastAs(CLIENTS, MANY, () => fleet.register());
    seconds = (performance.now() - begin) / 1000;
    return all;
  });
  say(`  ${Math.round(registered.length / seconds)} routers a second`);
  await describe(registered);
  say(`  the largest deviation of a share from its weight: ${printDeviation(registered)}`);
  return registered;
}

function printDeviation(registered: readonly Registered[]): string {
  return `${(fleet.findLargestDeviation(registered) * 100).toFixed(1)} %`;
}

/** Prints what the broker carried meanwhile, and what that took. */
async function measure<T>(what: string, act: () => Promise<T>): Promise<T> {
  const parts = { front: fleet.front.pid, broker: fleet.broker.pid };
  const before = Object.values(parts).map(readOwnCpuSeconds);
  const begin = performance.now();
  const { result, figures } = await counters.measure(act);
  const seconds = (performance.now() - begin) / 1000;
  say(`${what}\n  broker: ${print(figures)}`);
  for (const [index, [name, pid]] of Object.entries(parts).entries()) {
    const cpu = (readOwnCpuSeconds(pid) - (before[index] ?? 0)) / seconds;
    say(`  ${name}: ${Math.round(cpu * 100)} % of a core, ${readPeakMegabytes(pid)} MB at most`);
  }
  return result;
}

async function describe(registered: readonly Registered[]): Promise<void> {
  const keys = await fleet.readKeys();
  const served = registered.filter(({ reply }) => keys.has(reply));
  const lies = served.filter(({ key, reply }) => keys.get(reply)?.has(key) !== true);
  const times = registered.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
  const [half, most] = [findQuantile(times, 0.5), findQuantile(times, 0.99)].map(Math.round);
  say(`  ${registered.length} routers, ${registered.length - served.length} refused; ${half} ms, 99 %: ${most} ms`);
  say(`  ${lies.length} were sent to a gateway that does not have their key`);
}

function print(figures: BrokerFigures): string {
  return Object.entries(figures)
    .map(([name, value]) => `${Math.round(value)} ${name.replace('/', ' ')}`)
    .join(', ')
    .concat(' a second');
}

/** VmHWM of proc(5). */
function readPeakMegabytes(pid: number): number {
  const [, kilobytes] = readFileSync(`/proc/${pid}/status`, 'utf8').match(/^VmHWM:\s*(\d+) kB$/m) ?? [];
  return Math.round(Number(kilobytes) / 1024);
}
