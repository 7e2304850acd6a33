import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'smol-toml';
import { Broker } from '../broker.ts';
import { Background, eventually } from '../commands.ts';
import { type Registered, register } from './routers.ts';

/** One of them, as the front knows it by `id`. */
export interface GatewayOrder {
  readonly id: string;
  readonly weight: number;
}

/** What one process of gateways does. */
export interface GatewaysOrder {
  readonly port: number;
  readonly gateways: readonly GatewayOrder[];
  readonly domains: readonly string[];
}

/** A router has connected to the gateway of this place in its process. */
export interface Handshake {
  readonly index: number;
  readonly key: string;
}

export interface FleetSize {
  readonly gateways: number;
  /** Of each gateway; routers ask for the first one. */
  readonly domains: number;
}

const LISTENER = fileURLToPath(new URL('../../dist/wgkex-listen', import.meta.url));
const PROCESSES = 2;
/** In turn; so the largest share is four times the smallest. */
const WEIGHTS = [1, 2, 3, 4];
const BROKER_SETTINGS = 'allow_anonymous true\nsys_interval 1\nmax_queued_messages 10000';

/** Many gateways without interfaces, in few processes, around Debian's Mosquitto, and one real front. */
export class SimulatedFleet {
  readonly broker: Broker;
  readonly gateways: readonly GatewayOrder[];
  readonly front: Background;
  readonly #port: number;
  readonly #domain: string;
  readonly #directory: string;
  readonly #processes: readonly ChildProcess[];

  private constructor(
    broker: Broker,
    gateways: readonly GatewayOrder[],
    processes: readonly ChildProcess[],
    domain: string,
    front: { readonly process: Background; readonly port: number; readonly directory: string },
  ) {
    this.broker = broker;
    this.gateways = gateways;
    this.#processes = processes;
    this.#domain = domain;
    this.front = front.process;
    this.#port = front.port;
    this.#directory = front.directory;
  }

  /** Takes three ports from `port` on. */
  static async start(port: number, size: FleetSize): Promise<SimulatedFleet> {
    const broker = await Broker.start(port, BROKER_SETTINGS);
    const gateways = Array.from({ length: size.gateways }, (_, index) => ({
      id: `gw${index + 1}`,
      weight: WEIGHTS[index % WEIGHTS.length] ?? 1,
    }));
    const domains = Array.from({ length: size.domains }, (_, index) => `ffww${index + 1}`);
    const processes = await Promise.all(
      Array.from({ length: PROCESSES }, async (_, part) => {
        const own = gateways.filter((_, index) => index % PROCESSES === part);
        return startGateways({ port, gateways: own, domains });
      }),
    );
    const front = await startFront(port);
    const fleet = new SimulatedFleet(broker, gateways, processes, domains[0] ?? '', front);
    await eventually('the front serves', async () => (await fleet.register()).reply.endsWith('.example.org'));
    return fleet;
  }

  /** One router, by v2, which connects to the gateway that it got. */
  async register(): Promise<Registered> {
    const registered = await register(this.#port, this.#domain);
    const place = this.gateways.findIndex(({ id }) => nameOf(id) === registered.reply);
    if (place >= 0)
      this.#processes[place % PROCESSES]?.send({ index: Math.floor(place / PROCESSES), key: registered.key });
    return registered;
  }

  /** Which keys each gateway took, by its name. */
  async readKeys(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
    const parts = await Promise.all(
      this.#processes.map(async (child) => {
        child.send('keys');
        const [keys] = await once(child, 'message');
        return keys as string[][];
      }),
    );
    const find = (index: number) => parts[index % PROCESSES]?.[Math.floor(index / PROCESSES)];
    return new Map(this.gateways.map(({ id }, index) => [nameOf(id), new Set(find(index))]));
  }

  /** How far shares are from the weights: the largest deviation, as a part of the share that it should be. */
  findLargestDeviation(registered: readonly Registered[]): number {
    const total = this.gateways.reduce((sum, { weight }) => sum + weight, 0);
    const counts = this.gateways.map(({ id }) => registered.filter(({ reply }) => reply === nameOf(id)).length);
    const served = counts.reduce((sum, count) => sum + count, 0);
    const deviations = this.gateways.map(({ weight }, index) => {
      const share = (weight / total) * served;
      return Math.abs((counts[index] ?? 0) - share) / share;
    });
    return Math.max(...deviations);
  }

  async close(): Promise<void> {
    await this.front.stop();
    for (const child of this.#processes) {
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
    }
    await this.broker.close();
    await rm(this.#directory, { recursive: true });
  }
}

async function startGateways(order: GatewaysOrder): Promise<ChildProcess> {
  const child = fork(new URL('gateways.ts', import.meta.url));
  child.send(order);
  await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([status]) => Promise.reject(new Error(`the gateways ended: ${status}`))),
  ]);
  return child;
}

/** The built listener without domains. */
async function startFront(brokerPort: number) {
  const directory = await mkdtemp(join(tmpdir(), 'wgkex-front-'));
  const port = brokerPort + 1;
  const settings = {
    ...{ listen: [`127.0.0.1:${brokerPort + 2}`], http: { listen: [`127.0.0.1:${port}`] } },
    ...{ gateway: { name: 'front.example.org' }, mqtt: { id: 'front', url: [`mqtt://127.0.0.1:${brokerPort}`] } },
    limits: { exempt: ['127.0.0.0/8'] },
  };
  const file = join(directory, 'wgkex.toml');
  await writeFile(file, stringify(settings));
  const process = new Background(globalThis.process.execPath, [LISTENER, '--config', file]);
  await eventually('the front is connected', () => process.hasEnded || process.stderr.includes('"mqtt connected"'));
  if (process.hasEnded) throw new Error(`the front ended: ${process.stderr}`);
  return { process, port, directory };
}

function nameOf(id: string): string {
  return `${id}.example.org`;
}
