import {
  buildTunnelLines,
  CONFIG_LINE_BYTES,
  KEEPALIVE_SECONDS,
  type TunnelSettings,
} from '../../leases/tunnel-config.ts';
import { InputError } from '../../values/errors.ts';
import { isPrivateKey } from '../private-key.ts';
import { TunnelLines } from './tunnel-lines.ts';
import {
  ADDRESS,
  describeConstant,
  describeMtu,
  END,
  ENDPOINT_VALUE,
  NETWORK_VALUE,
  OWN_ADDRESSES,
  PUBLIC_KEY,
} from './tunnel-values.ts';

const MOST_ALLOWED_IPS = 64;
const MOST_NAME_SERVERS = 4;
/** Four characters of base64 carry three. */
const MOST_CHARACTERS = (CONFIG_LINE_BYTES / 4) * 3;

/**
 * Parses what a gateway wrote: exactly the lines of `buildTunnelConfig`, in their order, and no others. The values
 * come in canonical form, the allowed IPs as WireGuard has them, without the bits of a host and each one once.
 * @throws InputError with one line that names the line, what was expected and what was found.
 */
export function parseTunnelFile(text: string): TunnelSettings {
  if (text.length > MOST_CHARACTERS)
    throw new InputError(
      `Cannot use the gateway's configuration: expected at most ${MOST_CHARACTERS} characters, found ${text.length}`,
    );
  const lines = new TunnelLines(text);
  const ends = lines.take('# Ends: ', END);
  const relay = lines.takeOptional('# Relay: ', ENDPOINT_VALUE);
  const own = takeInterface(lines);
  const peer = takePeer(lines);
  return { ...own, ...peer, expires: ends === 'never' ? undefined : ends, relay };
}

/** The file of `wg-quick` and of the official apps. @throws InputError, which does not show the key. */
export function formatTunnelFile(settings: TunnelSettings, privateKey: string): string {
  if (!isPrivateKey(privateKey)) throw new InputError('Cannot use the private key: expected 32 bytes in base64');
  return buildTunnelLines(settings)
    .flatMap((line) => (line === '[Interface]' ? [line, `PrivateKey = ${privateKey}`] : [line]))
    .map((line) => `${line}\n`)
    .join('');
}

function takeInterface(lines: TunnelLines): Pick<TunnelSettings, 'addresses' | 'dns' | 'mtu'> {
  lines.takeHeader('[Interface]');
  const addresses = lines.take('Address = ', OWN_ADDRESSES);
  const dns = lines.takeOptionalList('DNS = ', ADDRESS, MOST_NAME_SERVERS);
  const mtu = lines.take('MTU = ', describeMtu(addresses.address6 !== undefined));
  return { addresses, dns: [...new Set(dns)], mtu };
}

function takePeer(lines: TunnelLines): Pick<TunnelSettings, 'publicKey' | 'allowedIps' | 'endpoint'> {
  lines.takeHeader('[Peer]');
  const publicKey = lines.take('PublicKey = ', PUBLIC_KEY);
  const allowedIps = lines.takeList('AllowedIPs = ', NETWORK_VALUE, MOST_ALLOWED_IPS);
  const endpoint = lines.take('Endpoint = ', ENDPOINT_VALUE);
  lines.take('PersistentKeepalive = ', describeConstant(`${KEEPALIVE_SECONDS}`));
  lines.end();
  return { publicKey, allowedIps: [...new Set(allowedIps)], endpoint };
}
