import type { IClientOptions } from 'mqtt';
import { tryAllAddresses } from '../address-families.ts';
import type { Config } from '../config/config.ts';
import { readPassword, readText } from '../config/secrets.ts';
import type { BrokerUrl } from '../core/fleet/broker-url.ts';

type MqttSettings = NonNullable<Config['mqtt']>;

/** The name of systemd's credential. */
const CREDENTIAL = 'mqtt.password';
const CONNECT_MILLISECONDS = 3000;
const KEEPALIVE_SECONDS = 10;

tryAllAddresses();

/**
 * Options of the library for one connection to one broker, which it neither repeats nor takes up again. Files are read
 * each time: a password may change.
 * @throws InputError if one of them cannot be read.
 */
export function buildConnection(mqtt: MqttSettings, broker: BrokerUrl, clientId: string): IClientOptions {
  const password = readPassword(mqtt.password_file, CREDENTIAL, process.env);
  return {
    ...{ host: broker.host, port: broker.port, protocol: broker.isEncrypted ? 'mqtts' : 'mqtt' },
    ...{ protocolVersion: 4, clientId, clean: true, reconnectPeriod: 0, resubscribe: false, queueQoSZero: false },
    ...{ keepalive: KEEPALIVE_SECONDS, reschedulePings: false, connectTimeout: CONNECT_MILLISECONDS },
    ...(mqtt.username === undefined ? {} : { username: mqtt.username }),
    ...(password === undefined ? {} : { password }),
    ...(mqtt.ca === undefined ? {} : { ca: readText(mqtt.ca) }),
  };
}
