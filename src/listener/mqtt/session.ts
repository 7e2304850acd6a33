import { connect, type MqttClient } from 'mqtt';
import type { Config } from '../../config/config.ts';
import { describeError, describeFailure } from '../../core/values/errors.ts';
import { formatHostPort } from '../../core/values/host-port.ts';
import type { Events } from '../../log/events.ts';
import { buildConnection } from '../../mqtt-client/connection.ts';

/** What happens to a connection. */
export interface SessionEvents {
  /** The broker has let us in; what it sends from now on belongs to this connection. */
  onOpen(): void;
  /** All subscriptions are made. */
  onUp(): void;
  onDown(): void;
  onMessage(topic: string, payload: Uint8Array, isRetained: boolean): void;
}

export interface SessionSettings {
  readonly mqtt: NonNullable<Config['mqtt']>;
  readonly clientId: string;
  readonly subscriptions: readonly string[];
  /** Its message is the end of this gateway as a whole. */
  readonly willTopic: string;
}

const FIRST_PAUSE_MILLISECONDS = 250;
const LONGEST_PAUSE_MILLISECONDS = 4000;
/** After that long a connection was a good one, and the next pause is short again. */
const GOOD_MILLISECONDS = 30_000;
/** More than this waits for a broker that does not read: then further messages count as lost. */
const MOST_WAITING_BYTES = 1_048_576;
/** No message of ours is longer than 4 kB. The library would collect any, up to 256 MB. */
const MOST_MESSAGE_BYTES = 262_144;
const END_MILLISECONDS = 1500;

/** One connection to one of the brokers, again and again. */
export class Session {
  readonly #settings: SessionSettings;
  readonly #events: SessionEvents;
  readonly #changes: Events;
  #client: MqttClient | undefined;
  #isUp = false;
  #isStopped = false;
  #openedMilliseconds = 0;
  #attempts = 0;
  #pause = FIRST_PAUSE_MILLISECONDS;
  #retry: NodeJS.Timeout | undefined;
  /** Why the latest attempts failed; each is logged once until a connection is up. */
  readonly #reasons = new Set<string>();

  constructor(settings: SessionSettings, events: SessionEvents, changes: Events) {
    this.#settings = settings;
    this.#events = events;
    this.#changes = changes;
    this.#open();
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** False if the message is lost: there is no connection, or too much waits for the broker already. */
  publish(topic: string, payload: string, options: { readonly qos: 0 | 1; readonly retain: boolean }): boolean {
    const client = this.#client;
    if (client === undefined || !client.connected || client.stream.writableLength > MOST_WAITING_BYTES) return false;
    client.publish(topic, payload, options, () => {});
    return true;
  }

  /** Ends with DISCONNECT, so that the broker publishes no will. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#retry);
    const client = this.#client;
    if (client === undefined) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, END_MILLISECONDS);
    });
    const isConnected = client.connected;
    await Promise.race([client.endAsync(!isConnected), late]).finally(() => clearTimeout(timer));
    client.stream.destroy();
    this.#isUp = false;
  }

  #open(): void {
    const { mqtt, clientId, willTopic } = this.#settings;
    const broker = mqtt.url[this.#attempts++ % mqtt.url.length];
    if (broker === undefined) throw new Error('a configuration without a broker');
    const name = formatHostPort(broker);
    try {
      const will = { topic: willTopic, payload: Buffer.from('0'), qos: 1, retain: true } as const;
      const client = connect({ ...buildConnection(mqtt, broker, clientId), will });
      this.#client = client;
      this.#watch(client, name);
    } catch (error) {
      this.#fail(name, describeError(error));
    }
  }

  #watch(client: MqttClient, name: string): void {
    let reason = 'the broker closed the connection';
    let unreadBytes = 0;
    client.on('connect', () => this.#subscribe(client, name));
    client.on('error', (error) => {
      reason = describeFailure(error);
      // Without an answer to its CONNECT the library would keep the connection.
      client.stream.destroy();
    });
    client.stream.on('data', (chunk: Uint8Array) => {
      unreadBytes += chunk.length;
      if (unreadBytes > MOST_MESSAGE_BYTES) client.stream.destroy(new Error('a message is too long'));
    });
    client.on('packetreceive', () => {
      unreadBytes = 0;
    });
    client.on('message', (topic, payload, { retain }) => this.#events.onMessage(topic, payload, retain));
    client.on('close', () => {
      if (client !== this.#client) return;
      client.end(true);
      this.#fail(name, reason);
    });
  }

  #subscribe(client: MqttClient, name: string): void {
    this.#openedMilliseconds = performance.now();
    this.#events.onOpen();
    client.subscribe([...this.#settings.subscriptions], { qos: 1 }, (error, granted = []) => {
      if (error) return;
      const denied = granted.filter(({ qos }) => qos === 128).map(({ topic }) => topic);
      if (denied.length > 0) this.#changes.report('mqtt problem', { reason: `the broker denies ${denied.join(' ')}` });
      this.#isUp = true;
      this.#reasons.clear();
      this.#changes.report('mqtt connected', { on: name });
      this.#events.onUp();
    });
  }

  #fail(name: string, problem: string): void {
    this.#client = undefined;
    const wasUp = this.#isUp;
    this.#isUp = false;
    if (wasUp) this.#events.onDown();
    if (this.#isStopped) return;
    const reason = `${name}: ${problem}`;
    if (!this.#reasons.has(reason)) this.#changes.report('mqtt lost', { reason });
    if (this.#reasons.size < 16) this.#reasons.add(reason);
    const wasGood = wasUp && performance.now() - this.#openedMilliseconds > GOOD_MILLISECONDS;
    this.#pause = wasGood ? FIRST_PAUSE_MILLISECONDS : Math.min(2 * this.#pause, LONGEST_PAUSE_MILLISECONDS);
    this.#retry = setTimeout(() => this.#open(), this.#pause * (0.5 + Math.random() / 2));
  }
}
