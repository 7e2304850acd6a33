import assert from 'node:assert/strict';
import type { Broker } from './broker.ts';
import { makeKey } from './client.ts';
import { eventually, pause } from './commands.ts';
import { postAsFirmware } from './firmware.ts';
import { type DomainSetup, Gateway, HTTP_PORT } from './gateway.ts';
import { lookUp } from './operator.ts';

export const DOMAIN = 'ffww01';
export const V1 = '/api/v1/wg/key/exchange';
export const V2 = '/api/v2/wg/key/exchange';

type Settings = Record<string, Record<string, unknown>>;

/** What a router gets. */
export interface Told {
  readonly key: string;
  /** The name of the gateway, with v2; `OK` with v1; else the code. */
  readonly reply: string;
}

/** Several gateways and fronts around one broker. */
export class LabFleet {
  readonly broker: Broker;
  readonly gateways: readonly Gateway[];
  readonly fronts: readonly Gateway[];

  private constructor(broker: Broker, gateways: readonly Gateway[], fronts: readonly Gateway[]) {
    this.broker = broker;
    this.gateways = gateways;
    this.fronts = fronts;
  }

  /** Members by their numbers in the lab; a front has no interfaces. */
  static async create(
    broker: Broker,
    gateways: readonly number[],
    fronts: readonly number[],
    weights: readonly number[],
    domain: Record<string, unknown> = {},
  ): Promise<LabFleet> {
    const make = (numbers: readonly number[], domains: DomainSetup[]) =>
      Promise.all(numbers.map((number) => Gateway.create(number, domains)));
    const fleet = new LabFleet(
      broker,
      await make(gateways, [{ name: DOMAIN, settings: domain }]),
      await make(fronts, []),
    );
    for (const [index, member] of [...fleet.gateways, ...fleet.fronts].entries()) {
      await member.configure(fleet.settingsOf(member, { gateway: { weight: weights[index] ?? 1 } }));
      await member.start('"mqtt connected"');
    }
    await fleet.settle();
    return fleet;
  }

  settingsOf(member: Gateway, more: Settings = {}): Settings {
    return {
      gateway: { name: nameOf(member), ...more['gateway'] },
      mqtt: {
        url: [`mqtt://${member.segment.ipv4('0.2')}:${this.broker.port}`],
        id: member.namespace,
        ...more['mqtt'],
      },
      http: { listen: [`0.0.0.0:${HTTP_PORT}`] },
      limits: { exempt: ['0.0.0.0/0'] },
    };
  }

  /** Resolves when each front has made each gateway that has a weight acknowledge. */
  async settle(gateways = this.gateways): Promise<void> {
    for (const front of this.fronts) {
      const seen = new Set<string>();
      await eventually('every gateway takes routers', async () => {
        seen.add((await this.register(front)).reply);
        return gateways.every((gateway) => seen.has(nameOf(gateway)));
      });
    }
  }

  async register(front: Gateway, path = V2, more: object = {}): Promise<Told> {
    const key = makeKey();
    const at = { host: front.address, port: HTTP_PORT, path };
    const reply = await postAsFirmware(at, { domain: DOMAIN, public_key: key, ...more }).then(readSuccess, readCode);
    return { key, reply };
  }

  /** As firmware does, until a gateway takes it: on a busy machine one may need more than 2 s. */
  async registerPatiently(front: Gateway, path = V2, more: object = {}): Promise<Told> {
    let told = await this.register(front, path, more);
    for (let tries = 0; told.reply === 'FAILED' && tries < 20; tries++) {
      await pause(2000);
      told = await this.register(front, path, more);
    }
    return told;
  }

  /** Throws unless each gateway that a reply named has the router in its kernel. */
  async requireHonest(told: readonly Told[]): Promise<void> {
    const kernels = await this.readKernels();
    for (const { key, reply } of told)
      if (kernels.has(reply)) assert.ok(kernels.get(reply)?.has(key), `${key} is not a peer of ${reply}`);
  }

  /** The keys of each gateway, by its name. */
  async readKernels(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
    const read = async (gateway: Gateway) =>
      [nameOf(gateway), new Set<string>((await gateway.peers()).map(({ key }) => key))] as const;
    return new Map(await Promise.all(this.gateways.map(read)));
  }

  /** The state of each gateway that serves the domain, as `wgkex fleet` has it. */
  async readStates(at: Gateway): Promise<Record<string, string>> {
    const { document } = await lookUp(at, ['fleet']);
    const rows: { gateway: string; state: string }[] = document.gateways;
    return Object.fromEntries(rows.map(({ gateway, state }) => [gateway, state]));
  }

  async close(): Promise<void> {
    for (const member of [...this.gateways, ...this.fronts]) await member.close();
    await this.broker.close();
  }
}

/** What routers dial. */
export function nameOf({ namespace }: Gateway): string {
  return `${namespace}.example.org`;
}

function readSuccess(body: unknown): string {
  const { Endpoint, Message } = body as { Endpoint?: { Address: string }; Message?: string };
  return Endpoint?.Address ?? Message ?? 'nothing';
}

function readCode(error: Error): string {
  return error.message.match(/"code":"([A-Z_]+)"/)?.[1] ?? error.message;
}
