import { once } from 'node:events';
import { connect, type MqttClient } from 'mqtt';
import type { Config } from '../../config/config.ts';
import type { BrokerUrl } from '../../core/fleet/broker-url.ts';
import { formatTopic, listAnnouncements } from '../../core/fleet/topics.ts';
import { describeError, describeFailure } from '../../core/values/errors.ts';
import { formatHostPort } from '../../core/values/host-port.ts';
import type { UnixSeconds } from '../../core/values/time.ts';
import { buildConnection } from '../../mqtt-client/connection.ts';
import { findOwnId } from '../../mqtt-client/own-id.ts';
import { type FleetMember, type FleetWorker, Heard } from './heard.ts';

type MqttSettings = NonNullable<Config['mqtt']>;

/** MQTT 3.1.1, 3.9.3: a subscription that failed. */
const DENIED = 128;

/** What the broker knows of the fleet. */
export interface FleetReading {
  readonly at: UnixSeconds;
  /** Host and port. */
  readonly broker: string;
  /** By their names. */
  readonly members: readonly FleetMember[];
  /** Those of freifunkMUC. */
  readonly workers: readonly FleetWorker[];
  /** A line for each message that cannot be read. */
  readonly unreadable: readonly string[];
  /** The processes that said something as this gateway. */
  readonly ownInstances: ReadonlySet<string>;
}

/**
 * Asks the brokers in turn until one answers, and then hears for `seconds` what the gateways say.
 * @throws Error with one line if none can be reached.
 */
export async function readFleet(mqtt: MqttSettings, seconds = 0): Promise<FleetReading> {
  const failures: string[] = [];
  for (const broker of mqtt.url)
    try {
      return await readFleetAt(broker, mqtt, seconds);
    } catch (error) {
      failures.push(describeError(error));
    }
  throw new Error(failures.join('; '));
}

/** @throws Error with one line if this broker cannot be reached, or denies it. */
export async function readFleetAt(broker: BrokerUrl, mqtt: MqttSettings, seconds = 0): Promise<FleetReading> {
  const name = formatHostPort(broker);
  try {
    const client = connect(buildConnection(mqtt, broker, `wgkex-${findOwnId(mqtt)}-${process.pid}`));
    const heard = new Heard(mqtt.prefix, findOwnId(mqtt));
    client.on('message', (topic, payload) => heard.take(topic, payload));
    await Promise.race([ask(client, mqtt, seconds), failure(client)]).finally(() => client.end(true));
    return { at: Date.now() / 1000, broker: name, ...heard.sum() };
  } catch (error) {
    throw new Error(`Cannot ask the broker ${name}: ${describeError(error)}`, { cause: error });
  }
}

async function ask(client: MqttClient, mqtt: MqttSettings, seconds: number): Promise<void> {
  await once(client, 'connect');
  const ownStatus = formatTopic({ kind: 'status', gateway: findOwnId(mqtt) }, mqtt.prefix);
  // What is retained comes before the answer to the next request.
  for (const filters of [listAnnouncements(mqtt.prefix), [ownStatus]]) {
    const granted = await client.subscribeAsync(filters, { qos: 0 });
    const denied = granted.filter(({ qos }) => qos === DENIED).map(({ topic }) => topic);
    if (denied.length > 0) throw new Error(`it denies ${denied.join(' ')}`);
  }
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}

/** Rejects when the connection ends. */
function failure(client: MqttClient): Promise<never> {
  return new Promise((_, reject) => {
    client.on('error', (error) => reject(new Error(describeFailure(error))));
    client.on('close', () => reject(new Error('it closed the connection, or did not answer within 3 s')));
  });
}
