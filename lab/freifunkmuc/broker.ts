import { connectAsync, type MqttClient } from 'mqtt';
import { findBrokersDeath, readInteger } from './deaths.ts';

/** What it says to routers by v2. */
export interface TheirEndpoint {
  readonly Address: unknown;
  readonly Port: string;
  readonly AllowedIPs: readonly unknown[];
  readonly PublicKey: unknown;
}

interface KnownWorker {
  isOnline: boolean;
  readonly numbers: Map<string, number>;
}

const FILTERS = ['wireguard-metrics/#', 'wireguard-worker/+/status', 'wireguard-worker/+/+/data'];

/** Stands for a broker of freifunkMUC: it does what that one does with messages, and ends where that one ends. */
export class TheirBroker {
  readonly #client: MqttClient;
  readonly #domains: readonly string[];
  readonly #weights: Readonly<Record<string, number>>;
  readonly #workers = new Map<string, KnownWorker>();
  readonly #data = new Map<string, Record<string, unknown>>();
  /** Why its thread for messages has ended: from then on it says OK, and publishes nothing. */
  ended: string | undefined;

  private constructor(client: MqttClient, domains: readonly string[], weights: Readonly<Record<string, number>>) {
    this.#client = client;
    this.#domains = domains;
    this.#weights = weights;
  }

  static async start(
    port: number,
    domains: readonly string[],
    weights: Readonly<Record<string, number>> = {},
  ): Promise<TheirBroker> {
    const options = { protocolVersion: 4, reconnectPeriod: 0 } as const;
    const client = await connectAsync(`mqtt://127.0.0.1:${port}`, options, false);
    const broker = new TheirBroker(client, domains, weights);
    client.on('message', (topic, payload) => broker.#take(topic, payload));
    await client.subscribeAsync(FILTERS);
    return broker;
  }

  /** Gives the key to all workers, whether there are any or not. */
  async exchangeByV1(domain: string, key: string): Promise<'OK'> {
    if (this.ended === undefined) await this.#client.publishAsync(`wireguard/${domain}/all`, key);
    return 'OK';
  }

  /** The same, and names the worker that lacks most; undefined where it answers with an error. */
  async exchangeByV2(domain: string, key: string): Promise<TheirEndpoint | undefined> {
    await this.exchangeByV1(domain, key);
    const best = this.findBestWorker(domain);
    const known = best === undefined ? undefined : this.#workers.get(best);
    if (known !== undefined) known.numbers.set(domain, (known.numbers.get(domain) ?? 0) + 1);
    const data = this.#data.get(`${best} ${domain}`);
    if (data === undefined) return undefined;
    const { ExternalAddress: Address, Port, LinkAddress, PublicKey } = data;
    return { Address, Port: String(Port), AllowedIPs: [LinkAddress], PublicKey };
  }

  /** Offline workers count in the total; ties go to the one that was heard of first. */
  findBestWorker(domain: string): string | undefined {
    const sum = ({ numbers }: KnownWorker) => [...numbers.values()].reduce((all, one) => all + Math.max(one, 0), 0);
    const total = [...this.#workers.values()].reduce((all, worker) => all + sum(worker), 0);
    const weights = Object.values(this.#weights).reduce((all, one) => all + one, 0) || 1;
    const online = [...this.#workers].filter(
      ([, { isOnline, numbers }]) => isOnline && (numbers.get(domain) ?? -1) >= 0,
    );
    const lacks = ([name, worker]: [string, KnownWorker]) =>
      sum(worker) - ((this.#weights[name] ?? 1) / weights) * total;
    return online.sort((one, other) => lacks(one) - lacks(other))[0]?.[0];
  }

  /** What it knows of a worker in a domain. */
  describe(worker: string, domain: string) {
    const known = this.#workers.get(worker);
    const data = this.#data.get(`${worker} ${domain}`);
    return { isOnline: known?.isOnline === true, number: known?.numbers.get(domain), data };
  }

  async stop(): Promise<void> {
    await this.#client.endAsync(true);
  }

  #take(topic: string, payload: Uint8Array): void {
    if (this.ended !== undefined) return;
    const death = findBrokersDeath(topic, payload, this.#domains);
    if (death !== undefined) this.ended = `${topic} ${JSON.stringify(Buffer.from(payload).toString())}: ${death}`;
    else if (topic.startsWith('wireguard-metrics')) this.#takeNumber(topic, payload);
    else if (topic.endsWith('/status')) this.#takeStatus(topic, payload);
    else this.#takeData(topic, payload);
  }

  #takeNumber(topic: string, payload: Uint8Array): void {
    const [, domain = '', worker = '', ...metric] = topic.split('/');
    if (this.#domains.includes(domain) && worker !== '' && metric.join('/') === 'connected_peers')
      this.#know(worker).numbers.set(domain, readInteger(payload));
  }

  #takeStatus(topic: string, payload: Uint8Array): void {
    const [, worker = ''] = topic.split('/');
    const isOnline = readInteger(payload) >= 1;
    if (isOnline || this.#workers.has(worker)) this.#know(worker).isOnline = isOnline;
  }

  #takeData(topic: string, payload: Uint8Array): void {
    const [, worker, domain = ''] = topic.split('/');
    if (!this.#domains.includes(domain)) return;
    const data = JSON.parse(Buffer.from(payload).toString());
    if (typeof data === 'object' && data !== null && !Array.isArray(data)) this.#data.set(`${worker} ${domain}`, data);
  }

  #know(worker: string): KnownWorker {
    const known = this.#workers.get(worker) ?? { isOnline: false, numbers: new Map<string, number>() };
    this.#workers.set(worker, known);
    return known;
  }
}
