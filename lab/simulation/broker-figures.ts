import { connectAsync, type MqttClient } from 'mqtt';
import { eventually } from '../commands.ts';

/** What Mosquitto counts; see mosquitto(8), $SYS. */
const COUNTERS = ['messages/received', 'messages/sent', 'bytes/received', 'bytes/sent'] as const;
type Counter = (typeof COUNTERS)[number];

/** Of each counter, by how much it grew a second. */
export type BrokerFigures = Readonly<Record<Counter, number>>;

interface Reading {
  readonly milliseconds: number;
  readonly values: ReadonlyMap<string, number>;
}

/** Reads the counters that the broker publishes once a second. */
export class BrokerCounters {
  readonly #client: MqttClient;
  readonly #values = new Map<string, number>();
  /** The counters are published together, and the bytes sent always grow: this message is one of them. */
  #readings = 0;

  private constructor(client: MqttClient) {
    this.#client = client;
    client.on('message', (topic, payload) => {
      const name = topic.replace('$SYS/broker/', '');
      this.#values.set(name, Number(payload.toString()));
      if (name === 'bytes/sent') this.#readings++;
    });
  }

  static async open(port: number): Promise<BrokerCounters> {
    const counters = new BrokerCounters(await connectAsync({ host: '127.0.0.1', port, protocolVersion: 4 }));
    await counters.#client.subscribeAsync(COUNTERS.map((name) => `$SYS/broker/${name}`));
    return counters;
  }

  /** The growth while something is done. */
  async measure<T>(act: () => Promise<T>): Promise<{ readonly result: T; readonly figures: BrokerFigures }> {
    const before = await this.#read();
    const result = await act();
    const after = await this.#read();
    const seconds = (after.milliseconds - before.milliseconds) / 1000;
    const grow = (name: Counter) => ((after.values.get(name) ?? 0) - (before.values.get(name) ?? 0)) / seconds;
    const figures = Object.fromEntries(COUNTERS.map((name) => [name, grow(name)])) as Record<Counter, number>;
    return { result, figures };
  }

  close(): Promise<void> {
    return this.#client.endAsync(true);
  }

  /** The next whole one. */
  async #read(): Promise<Reading> {
    const seen = this.#readings;
    await eventually('the broker says what it counted', () => this.#readings > seen + 1);
    return { milliseconds: performance.now(), values: new Map(this.#values) };
  }
}
