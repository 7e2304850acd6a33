import { parseIpAddress } from '../../src/core/values/ip-address.ts';
import { toExported } from '../../src/system/leases/row.ts';
import { attempt, eventually, startIn } from '../commands.ts';
import { Gateway, WIREGUARD_PORT } from '../gateway.ts';
import { leased, makeLease, openTable, type Ticket } from '../leases.ts';
import { RELAY, RELAY_PORT } from '../relay.ts';
import { addWayOut } from './internet.ts';

export const POOL = ['10.66.0.0/24', 'fd66::/112'] as const;
/** Of each gateway within the tunnel. */
export const INSIDE = '10.66.0.1';
export const INSIDE6 = 'fd66::1';
const LASTS_SECONDS = 30 * 86_400;

interface Options {
  /** How members reach it, the exchange apart: by IPv4 unless it is 6. */
  readonly family?: 4 | 6;
  readonly pool?: readonly string[];
  readonly hasRelay?: boolean;
  /** What members send through the tunnel; by default the pool. */
  readonly allowedIps?: readonly string[];
  readonly dns?: readonly string[];
}

/** A running gateway whose only domain is one for members, on a segment of its own with a way to all others. */
export async function createGateway(number: number, options: Options = {}): Promise<Gateway> {
  const { family = 4, pool = POOL, hasRelay = false, allowedIps = pool, dns = [] } = options;
  const host = family === 6 ? `[fd00:${number}::1]` : `10.${number}.0.1`;
  const more = { endpoint: `${host}:${WIREGUARD_PORT}`, pool, allowed_ips: allowedIps, dns };
  const relay = hasRelay ? { relay: `${host}:${RELAY_PORT}` } : {};
  const gateway = await Gateway.create(number, [leased(number, { ...more, ...relay })]);
  await addWayOut(gateway.segment, gateway.namespace);
  if (hasRelay) await startRelay(gateway);
  await gateway.start();
  return gateway;
}

/** Where a gateway's exchange is. */
export function findHost(gateway: Gateway, family: 4 | 6 = 4): string {
  return family === 6 ? `[${parseIpAddress(gateway.segment.ipv6('0::1'))}]` : gateway.address;
}

async function startRelay(gateway: Gateway): Promise<void> {
  const to = `127.0.0.1:${WIREGUARD_PORT}`;
  const server = startIn(gateway.namespace, RELAY, 'server', '--listen', `[::]:${RELAY_PORT}`, '--to', to);
  gateway.onClose(async () => void (await server.stop()));
  await eventually('the relay listens', () => server.stderr.includes('relay listening') || server.hasEnded);
  if (server.hasEnded) throw new Error(`The relay did not start: ${server.stderr}`);
}

/** Grants one lease on all of these gateways, whose end is too far away for a warning. */
export async function grantOnAll(gateways: readonly Gateway[]): Promise<Ticket> {
  const { lease, ticket } = makeLease({ expires: Math.floor(Date.now() / 1000) + LASTS_SECONDS });
  for (const gateway of gateways) await (await openTable(gateway)).import([toExported(lease)]);
  return ticket;
}

/** Nothing comes in or goes out of a namespace any more, and nobody is told: as if its cable was pulled. */
export async function silence(namespace: string): Promise<void> {
  await drop(namespace, 'silence', '"uplink"');
}

/** No UDP comes in, as in a hotel; what the relay sends to WireGuard within the machine still does. */
export async function blockUdp(namespace: string): Promise<void> {
  await drop(namespace, 'noudp', '"uplink" meta l4proto udp');
}

/** Ends {@link silence} or {@link blockUdp}. */
export async function heal(namespace: string, what: 'silence' | 'noudp'): Promise<void> {
  await attempt(namespace, 'nft', ['delete', 'table', 'inet', what]);
}

async function drop(namespace: string, table: string, match: string): Promise<void> {
  const chain = (hook: string, way: string) =>
    `chain ${hook} { type filter hook ${hook} priority 0; ${way} ${match} drop; }`;
  const { exitCode, stderr } = await attempt(namespace, 'nft', [
    `table inet ${table} { ${chain('input', 'iifname')}; ${chain('output', 'oifname')}; }`,
  ]);
  if (exitCode !== 0) throw new Error(stderr);
}

/** Makes a gateway forward what comes out of the tunnel, with its own address as the source. */
export async function shareInternet(gateway: Gateway): Promise<void> {
  await gateway.run('sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1');
  const chain = 'type nat hook postrouting priority 100; oifname "uplink" masquerade';
  await gateway.run('nft', `table inet shared { chain postrouting { ${chain}; }; }`);
}
