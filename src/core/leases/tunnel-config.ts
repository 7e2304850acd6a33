import { InputError } from '../values/errors.ts';
import type { PublicKey } from '../values/public-key.ts';
import { quote } from '../values/quote.ts';
import type { UnixSeconds } from '../values/time.ts';
import type { LeasedAddresses } from './lease.ts';

/** What a client needs for its tunnel, besides its private key. */
export interface TunnelSettings {
  readonly addresses: LeasedAddresses;
  /** The gateway's. */
  readonly publicKey: PublicKey;
  /** The gateway's: `vpn.example.org:51820`, `[2001:db8::1]:51820`. */
  readonly endpoint: string;
  /** What the client sends through the tunnel, in CIDR notation. */
  readonly allowedIps: readonly string[];
  readonly dns: readonly string[];
  readonly mtu: number;
  /** The end date; undefined if the lease has none. */
  readonly expires: UnixSeconds | undefined;
  /** Where to send if UDP is blocked: `vpn.example.org:443`; undefined if there is no relay. */
  readonly relay: string | undefined;
}

/** Of the line that carries a configuration, in base64 and without its line feed. */
export const CONFIG_LINE_BYTES = 2000;
/** Keeps the mapping of a home router's NAT, which may last only 30 s. */
export const KEEPALIVE_SECONDS = 25;
/** `#` begins a comment, also after a value. */
const VALUE = /^[!"$-~]+$/;

/**
 * The file of `wg-quick` (wg-quick(8)) for a client, without a private key.
 * @throws InputError if a value is not one word, or if the text is too long for the line that carries it.
 */
export function buildTunnelConfig(settings: TunnelSettings): string {
  return checkLength(
    buildTunnelLines(settings)
      .map((line) => `${line}\n`)
      .join(''),
  );
}

/** {@link buildTunnelConfig} line by line, of any length. @throws InputError if a value is not one word. */
export function buildTunnelLines(settings: TunnelSettings): string[] {
  const { addresses, publicKey, endpoint, allowedIps, dns, mtu, expires, relay } = settings;
  const { address4, address6 } = addresses;
  const own = [address4 && `${address4}/32`, address6 && `${address6}/128`].filter((address) => address !== undefined);
  return [
    `# Ends: ${expires === undefined ? 'never' : formatUtc(expires)}`,
    ...(relay === undefined ? [] : [`# Relay: ${checkValue(relay)}`]),
    ...['[Interface]', ...assign('Address', own), ...assign('DNS', dns), ...assign('MTU', [`${mtu}`])],
    ...['[Peer]', ...assign('PublicKey', [publicKey]), ...assign('AllowedIPs', allowedIps)],
    ...[...assign('Endpoint', [endpoint]), ...assign('PersistentKeepalive', [`${KEEPALIVE_SECONDS}`])],
  ];
}

/** No line for an empty list. */
function assign(name: string, values: readonly string[]): string[] {
  return values.length === 0 ? [] : [`${name} = ${values.map(checkValue).join(', ')}`];
}

function checkValue(value: string): string {
  if (!VALUE.test(value))
    throw new InputError(`Cannot send ${quote(value)} to a client: expected one word without "#"`);
  return value;
}

function checkLength(text: string): string {
  const { length } = Buffer.from(text).toString('base64');
  if (length > CONFIG_LINE_BYTES)
    throw new InputError(
      `Cannot send a configuration to a client: it has ${length} bytes in base64, expected at most ${CONFIG_LINE_BYTES}`,
    );
  return text;
}

function formatUtc(time: UnixSeconds): string {
  return new Date(time * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
}
