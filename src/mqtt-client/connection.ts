import { setDefaultAutoSelectFamily, setDefaultAutoSelectFamilyAttemptTimeout } from 'node:net';
import type { IClientOptions } from 'mqtt';
import type { Config } from '../config/config.ts';
import type { BrokerUrl } from '../core/fleet/broker-url.ts';
import { readPassword, readText } from './secrets.ts';

declare module 'node:net' {
  // Of Node 18.18; the types of 18.19 do not have them.
  function setDefaultAutoSelectFamily(isOn: boolean): void;
  function setDefaultAutoSelectFamilyAttemptTimeout(milliseconds: number): void;
}

type MqttSettings = NonNullable<Config['mqtt']>;

const CONNECT_MILLISECONDS = 3000;
const KEEPALIVE_SECONDS = 10;
/** Of the addresses of a name, each but the last has this time. */
const ATTEMPT_MILLISECONDS = 1000;

// Without it Node 18 tries only the first address of a name: on a gateway without IPv6 that may be one that it cannot reach.
setDefaultAutoSelectFamily(true);
setDefaultAutoSelectFamilyAttemptTimeout(ATTEMPT_MILLISECONDS);

/**
 * Options of the library for one connection to one broker, which it neither repeats nor takes up again. Files are read
 * each time: a password may change.
 * @throws InputError if one of them cannot be read.
 */
export function buildConnection(mqtt: MqttSettings, broker: BrokerUrl, clientId: string): IClientOptions {
  const password = readPassword(mqtt.password_file, process.env);
  return {
    ...{ host: broker.host, port: broker.port, protocol: broker.isEncrypted ? 'mqtts' : 'mqtt' },
    ...{ protocolVersion: 4, clientId, clean: true, reconnectPeriod: 0, resubscribe: false, queueQoSZero: false },
    ...{ keepalive: KEEPALIVE_SECONDS, reschedulePings: false, connectTimeout: CONNECT_MILLISECONDS },
    ...(mqtt.username === undefined ? {} : { username: mqtt.username }),
    ...(password === undefined ? {} : { password }),
    ...(mqtt.ca === undefined ? {} : { ca: readText(mqtt.ca) }),
  };
}
