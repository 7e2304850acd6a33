import { formatBrokerUrl, isBrokerUrl } from './broker-urls.ts';
import type { FfmucConfig } from './ffmuc-config.ts';
import type { Note, Part } from './part.ts';

const PASSWORD_FILE = '/etc/wgkex/mqtt.password';
/** Of a broker with TLS. */
const SECURE_PORT = 8883;
const PLAIN =
  'without TLS wgkex connects only to this machine or a private network, by its address: give the broker TLS ' +
  `at port ${SECURE_PORT}, then remove the # before [mqtt] and its settings`;
const PASSWORD = `goes to a file of its own: install -m 0640 -g wgkex /dev/stdin ${PASSWORD_FILE}`;

/** `[mqtt]`: behind `#` if the broker cannot be reached as it is. */
export function translateMqtt({ mqtt }: FfmucConfig): Part {
  if (!mqtt) return { tables: [], notes: [] };
  const { broker_url: host, broker_port: port, username, password, keepalive, tls } = mqtt;
  const isOff = needsTls(mqtt);
  const url =
    tls || isOff ? formatBrokerUrl('mqtts', host, tls ? port : SECURE_PORT) : formatBrokerUrl('mqtt', host, port);
  const settings = [
    ['url', [url]] as const,
    ...(username ? [['username', username] as const] : []),
    ...(password ? [['password_file', PASSWORD_FILE] as const] : []),
  ];
  const notes: Note[] = [];
  if (isOff) notes.push({ setting: 'mqtt.tls', text: PLAIN });
  if (password) notes.push({ setting: 'mqtt.password', text: PASSWORD });
  if (keepalive !== undefined) notes.push({ setting: 'mqtt.keepalive', text: 'wgkex has its own, 10 seconds' });
  return { tables: [{ name: 'mqtt', settings, isOff }], notes };
}

/** Whether wgkex would not connect to this broker as it is. */
export function needsTls({ broker_url: host, broker_port: port, tls }: NonNullable<FfmucConfig['mqtt']>): boolean {
  return !tls && !isBrokerUrl('mqtt', host, port);
}
