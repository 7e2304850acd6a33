import { connectAsync, type MqttClient } from 'mqtt';
import { eventually } from '../commands.ts';
import { findStrippedDomain, findWorkersDeath } from './deaths.ts';

interface Setup {
  /** Of its host, and so in topics. */
  readonly name: string;
  readonly domains: readonly string[];
  readonly prefix: string;
  /** What it publishes as data, by default good ones. */
  readonly data?: object;
}

const PUBLIC_KEY = 'o52Ge+Rpj4CUSitVag9mS7pSXUesNM0ESnvj/wwehkg=';

/** Stands for a worker of freifunkMUC: it does what that one does with messages, and ends where that one ends. */
export class TheirWorker {
  readonly #setup: Setup;
  readonly #client: MqttClient;
  /** The keys of its interfaces, by domain without prefix. */
  readonly kernel = new Map<string, Set<string>>();
  /** Every message of the topics of keys: topic and payload. */
  readonly heard: string[] = [];
  /** Its thread for messages has ended by an exception. */
  hasLoopEnded = false;
  /** The thread that takes keys has. Nothing else shows: its status stays 1. */
  hasQueueEnded = false;
  connectedPeers = 0;

  private constructor(setup: Setup, client: MqttClient) {
    this.#setup = setup;
    this.#client = client;
  }

  static async start(port: number, setup: Setup): Promise<TheirWorker> {
    const topic = `wireguard-worker/${setup.name}/status`;
    const will = { topic, payload: Buffer.from('0'), qos: 1, retain: true } as const;
    const options = { protocolVersion: 4, clientId: setup.name, reconnectPeriod: 0 } as const;
    const url = `mqtt://127.0.0.1:${port}`;
    const client = await connectAsync(url, { ...options, will }, false);
    const worker = new TheirWorker(setup, client);
    await worker.#join();
    return worker;
  }

  get externalName(): string {
    return `${this.#setup.name}.ext.example`;
  }

  hasKey(domain: string, key: string): boolean {
    return this.kernel.get(domain)?.has(key) === true;
  }

  /** What its threads for the numbers do once a minute. */
  async measure(connectedPeers = this.connectedPeers): Promise<void> {
    this.connectedPeers = connectedPeers;
    const options = { qos: 0, retain: true } as const;
    for (const topic of this.#numbers) await this.#client.publishAsync(topic, String(connectedPeers), options);
  }

  async say(topic: string, payload: string | Buffer, retain = true): Promise<void> {
    await this.#client.publishAsync(topic, payload, { qos: 1, retain });
  }

  /** Its clean end. */
  async stop(): Promise<void> {
    if (!this.#client.connected) return;
    for (const topic of this.#numbers) await this.say(topic, '-1');
    await this.say(`wireguard-worker/${this.#setup.name}/status`, '0');
    await this.#client.endAsync();
  }

  /** Without DISCONNECT: the broker publishes its will. */
  async kill(): Promise<void> {
    this.#client.stream.destroy();
    await eventually('its connection is gone', () => !this.#client.connected);
    await this.#client.endAsync(true);
  }

  get #numbers(): string[] {
    return this.#setup.domains.map((domain) => `wireguard-metrics/${domain}/${this.#setup.name}/connected_peers`);
  }

  async #join(): Promise<void> {
    const { name, domains, data } = this.#setup;
    this.#client.on('message', (topic, payload) => this.#take(topic, payload));
    await this.#client.subscribeAsync(domains.map((domain) => `wireguard/${domain}/+`));
    for (const domain of domains) {
      const good = { ExternalAddress: this.externalName, Port: 40_011, PublicKey: PUBLIC_KEY, LinkAddress: 'fe80::4' };
      await this.say(`wireguard-worker/${name}/${domain}/data`, JSON.stringify(data ?? good));
    }
    await this.say(`wireguard-worker/${name}/status`, '1');
    await this.measure();
  }

  #take(topic: string, payload: Uint8Array): void {
    if (this.hasLoopEnded) return;
    const key = Buffer.from(payload).toString();
    this.heard.push(`${topic} ${key}`);
    const death = findWorkersDeath(topic, payload, this.#setup.prefix);
    this.hasLoopEnded = death?.startsWith('loop') === true;
    if (this.hasLoopEnded || this.hasQueueEnded) return;
    this.hasQueueEnded = death !== undefined;
    const domain = findStrippedDomain(topic, this.#setup.prefix);
    if (domain === undefined || this.hasQueueEnded) return;
    this.kernel.set(domain, (this.kernel.get(domain) ?? new Set()).add(key));
  }
}
