// A process of simulated gateways: its parent sends one order, then handshakes, and asks for their keys.
import { randomBytes } from 'node:crypto';
import { connectAsync, type MqttClient } from 'mqtt';
import { parseGatewayId } from '../../src/core/fleet/gateway-id.ts';
import { formatPayload, parseFleetExchange } from '../../src/core/fleet/payloads.ts';
import { formatTopic, listSubscriptions, parseTopic } from '../../src/core/fleet/topics.ts';
import { parseIpAddress } from '../../src/core/values/ip-address.ts';
import { parseDomainName } from '../../src/core/values/names.ts';
import { parsePublicKey } from '../../src/core/values/public-key.ts';
import { makeKey } from '../client.ts';
import type { GatewayOrder, GatewaysOrder, Handshake } from './fleet.ts';

/** As the announcer of a real one. */
const INTERVAL_MILLISECONDS = 60_000;

/** Says on the broker what a real gateway would, and takes every key. */
class SimulatedGateway {
  /** With the domain of each. */
  readonly keys = new Map<string, string>();
  readonly #id;
  readonly #weight: number;
  readonly #domains;
  readonly #instance = randomBytes(16).toString('hex');
  readonly #publicKey = parsePublicKey(makeKey());
  readonly #alive = new Map<string, number>();

  constructor({ id, weight }: GatewayOrder, domains: readonly string[]) {
    this.#id = parseGatewayId(id);
    this.#weight = weight;
    this.#domains = domains.map(parseDomainName);
  }

  async join(port: number): Promise<void> {
    const will = { topic: this.#statusTopic, payload: Buffer.from('0'), qos: 1, retain: true } as const;
    const options = { protocolVersion: 4, clientId: `wgkex-${this.#id}`, keepalive: 10, will } as const;
    const client = await connectAsync(`mqtt://127.0.0.1:${port}`, { reconnectPeriod: 0, ...options }, false);
    client.on('message', (topic, payload) => this.#hear(client, topic, payload));
    await client.subscribeAsync(listSubscriptions(this.#id, '', false), { qos: 1 });
    await this.#announce(client);
    setInterval(() => void this.#announce(client), INTERVAL_MILLISECONDS);
  }

  /** A router's first handshake: a key alone says nothing of where its router is. */
  connect(key: string): void {
    const domain = this.keys.get(key);
    if (domain !== undefined) this.#alive.set(domain, (this.#alive.get(domain) ?? 0) + 1);
  }

  get #statusTopic(): string {
    return formatTopic({ kind: 'status', gateway: this.#id }, '');
  }

  async #announce(client: MqttClient): Promise<void> {
    const kept = { qos: 1, retain: true } as const;
    for (const domain of this.#domains) {
      const topic = formatTopic({ kind: 'state', gateway: this.#id, domain }, '');
      await client.publishAsync(topic, this.#buildState(this.#alive.get(domain) ?? 0), kept);
    }
    await client.publishAsync(this.#statusTopic, '1', kept);
  }

  #buildState(alive: number): string {
    return formatPayload({
      ...{ version: '0.3.0', instance: this.#instance, sent_at: Math.round(Date.now() / 1000), location: 'muc' },
      ...{ name: `${this.#id}.example.org`, weight: this.#weight, names: [], port: 51_820 },
      ...{ public_key: this.#publicKey, link_address: parseIpAddress('fe80::1') },
      ...{ alive, peers: alive, max_peers: 100_000 },
    });
  }

  #hear(client: MqttClient, name: string, payload: Uint8Array): void {
    const topic = parseTopic(name, '');
    if (topic?.kind !== 'exchange') return;
    const { id, domain, key } = parseFleetExchange(payload);
    this.keys.set(key, domain);
    const reply = formatTopic({ kind: 'reply', front: topic.front, gateway: this.#id }, '');
    client.publish(reply, formatPayload({ id, reply: 'OK' }), { qos: 0, retain: false });
  }
}

const gateways: SimulatedGateway[] = [];

async function obey({ port, gateways: orders, domains }: GatewaysOrder): Promise<void> {
  for (const order of orders) {
    const gateway = new SimulatedGateway(order, domains);
    await gateway.join(port);
    gateways.push(gateway);
  }
  process.send?.('joined');
}

process.on('message', (message: GatewaysOrder | Handshake | 'keys') => {
  if (message === 'keys') process.send?.(gateways.map(({ keys }) => [...keys.keys()]));
  else if ('key' in message) gateways[message.index]?.connect(message.key);
  else void obey(message);
});
process.on('disconnect', () => process.exit());
