import { InputError } from '../values/errors.ts';
import { type IpAddress, parseIpAddress, parseNetwork } from '../values/ip-address.ts';
import { quote } from '../values/quote.ts';

/** Where an MQTT broker listens. */
export interface BrokerUrl {
  readonly isEncrypted: boolean;
  /** A name or an address, without brackets. */
  readonly host: string;
  readonly port: number;
}

const URL_FORM = /^(mqtts?):\/\/(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9][A-Za-z0-9._-]{0,252})(?::(\d{1,5}))?\/?$/;
const PORTS = { mqtt: 1883, mqtts: 8883 };
/** Loopback, and what no router of the internet forwards: there an overlay such as WireGuard can encrypt. */
const PLAIN_NETWORKS = [
  ...['127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '::1/128', 'fc00::/7'],
].map(parseNetwork);

/** @throws InputError for anything else, and for mqtt:// to an address of the internet or to a name. */
export function parseBrokerUrl(text: string): BrokerUrl {
  const [, protocol, bracketed = '', digits] = URL_FORM.exec(text) ?? [];
  const isEncrypted = protocol === 'mqtts';
  const host = bracketed.replace(/[[\]]/g, '');
  const port = Number(digits ?? PORTS[isEncrypted ? 'mqtts' : 'mqtt']);
  const isGood = protocol !== undefined && port >= 1 && port <= 65_535 && (host === bracketed || isAddress(host));
  if (!isGood)
    throw new InputError(`Cannot use ${quote(text)}: expected a URL such as "mqtts://mqtt.example.org:8883"`);
  if (!isEncrypted && !isPlainHost(host))
    throw new InputError(
      `Cannot use ${quote(text)}: expected mqtts://, or mqtt:// and an address of loopback or an overlay`,
    );
  return { isEncrypted, host, port };
}

/** A name may lead anywhere tomorrow. */
function isPlainHost(host: string): boolean {
  if (host === 'localhost') return true;
  const address = findAddress(host);
  return address !== undefined && PLAIN_NETWORKS.some((network) => network.contains(address));
}

function isAddress(text: string): boolean {
  return findAddress(text) !== undefined;
}

function findAddress(text: string): IpAddress | undefined {
  try {
    return parseIpAddress(text);
  } catch {
    return undefined;
  }
}
