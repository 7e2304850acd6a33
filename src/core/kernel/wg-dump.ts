import { InputError } from '../values/errors.ts';
import { type IpAddress, parseIpAddress } from '../values/ip-address.ts';
import type { Peer } from '../values/peer.ts';
import { type PublicKey, parseKernelKey } from '../values/public-key.ts';
import { remembering } from '../values/remembering.ts';
import type { UnixSeconds } from '../values/time.ts';

export interface WireguardReading {
  /** The interface's own public key; undefined while it has none. */
  readonly ownKey: PublicKey | undefined;
  /** The port that it listens on; 0 while it is down and none was set. */
  readonly port: number;
  readonly peers: readonly Peer[];
}

const NONE = '(none)';

/** Reuses peers from the previous reading: most have not changed. */
export class DumpReader {
  #peers = new Map<string, Peer>();

  /** Like {@link parseDump}. */
  read(text: string): WireguardReading {
    const peers = new Map<string, Peer>();
    const reading = parseDump(text, (row) => {
      const peer = this.#peers.get(row) ?? parsePeer(row);
      peers.set(row, peer);
      return peer;
    });
    this.#peers = peers;
    return reading;
  }
}

/**
 * Parses `wg show IF dump` (wg(8)): a line for the interface with 4 fields, then one for each peer with 8, separated
 * by tabs. Private and preshared keys are never kept.
 * @throws InputError for any other text.
 */
export function parseDump(text: string, parseRow: (row: string) => Peer = parsePeer): WireguardReading {
  const [head, ...rows] = text.split('\n').filter((line) => line !== '');
  if (head === undefined) throw new InputError('Cannot read the WireGuard interface: wg printed nothing');
  const [, ownKey = NONE, port = ''] = splitFields(head, 4);
  return {
    ownKey: ownKey === NONE ? undefined : parseKernelKey(ownKey),
    port: parseCount(port, 'the port'),
    peers: rows.map((row) => parseRow(row)),
  };
}

function parsePeer(row: string): Peer {
  const fields = splitFields(row, 8);
  const [key = '', presharedKey, endpoint = '', allowedIps = '', lastHandshake = '', received = '', sent = ''] = fields;
  return {
    key: parseKernelKey(key),
    endpoint: endpoint === NONE ? undefined : parseEndpoint(endpoint),
    allowedIps: allowedIps === NONE ? [] : allowedIps.split(','),
    lastHandshake: parseHandshake(lastHandshake),
    received: parseCount(received, 'a number of bytes'),
    sent: parseCount(sent, 'a number of bytes'),
    hasPresharedKey: presharedKey !== NONE,
    hasKeepalive: fields.at(-1) !== 'off',
  };
}

/**
 * `192.0.2.1:51820` or `[2001:db8::1]:51820`; the port does not matter here: NAT changes it at will. A peer chooses
 * its own endpoint, so one that cannot be read must not make the whole interface unreadable.
 */
function parseEndpoint(endpoint: string): IpAddress | undefined {
  return parseEndpointAddress(endpoint.replace(/:\d+$/, ''));
}

/** Readings can come several times a second, and most endpoints do not change. */
const parseEndpointAddress = remembering(50_000, (text: string): IpAddress | undefined => {
  try {
    return parseIpAddress(text.replace(/^\[(.*)\]$/, '$1'));
  } catch {
    return undefined;
  }
});

/** The kernel reports 0 if there never was a handshake. */
function parseHandshake(field: string): UnixSeconds | 'never' {
  return field === '0' ? 'never' : parseCount(field, 'a handshake time');
}

/** The kernel counts with 64 bits, more than a number can hold exactly: beyond 9 PB the last digits are off. */
function parseCount(field: string, what: string): number {
  if (/^\d{1,20}$/.test(field)) return Number(field);
  throw new InputError(`Cannot read the WireGuard interface: ${what} is not a number`);
}

function splitFields(line: string, count: number): string[] {
  const fields = line.split('\t');
  if (fields.length === count) return fields;
  throw new InputError(
    `Cannot read the WireGuard interface: a line of wg has ${fields.length} fields, expected ${count}`,
  );
}
