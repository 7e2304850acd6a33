import { isIP } from 'node:net';
import * as z from 'zod';
import { ENTRY_KINDS } from '../core/kernel/fdb.ts';
import { parsePool } from '../core/leases/pool.ts';
import { buildTunnelConfig, CONFIG_LINE_BYTES } from '../core/leases/tunnel-config.ts';
import { ADDRESS_VARIANTS } from '../core/values/address-variant.ts';
import { describeError } from '../core/values/errors.ts';
import { type IpAddress, isIpv4, parseIpAddress, parseNetwork } from '../core/values/ip-address.ts';
import { isHostName } from '../core/values/names.ts';
import type { PublicKey } from '../core/values/public-key.ts';
import { absolutePath, domainName, integer, interfaceName } from './fields.ts';

const MAX_PEERS = 100_000;
const MOST_DAYS = 3650;
/** RFC 8200, 5. */
const IPV6_MTU = 1280;
const TOO_LONG = `fewer networks: a client gets all that it needs in ${CONFIG_LINE_BYTES} bytes of base64`;

const COMMON = { wireguard: interfaceName, names: z.array(domainName).default([]) };

/** A domain of the mesh: addresses are derived from keys. */
export const meshDomainSchema = z.strictObject({
  wireguard: COMMON.wireguard,
  vxlan: interfaceName,
  names: COMMON.names,
  allowed_keys: absolutePath.optional(),
  address: z.enum(ADDRESS_VARIANTS).default('eui64'),
  fdb: z.array(z.enum(ENTRY_KINDS)).min(1).refine(isUnique, 'each kind once').default(['flood', 'unicast']),
  route: z.boolean().default(false),
  max_peers: integer(1, MAX_PEERS).default(2000),
  max_pending: integer(0, MAX_PEERS).default(1000),
});

const pool = z.array(z.string()).transform((texts, context) => {
  try {
    return parsePool(texts);
  } catch (error) {
    context.addIssue({ code: 'custom', message: describeError(error).replace(/^.*: expected /, '') });
    return z.NEVER;
  }
});
const networkText = z.string().refine(isNetwork, 'a network such as "10.66.0.0/24"');
const addressText = z.string().refine(isAddress, 'an IP address');
const endpoint = z.string().refine(isEndpoint, 'a host and a port such as "vpn.example.org:51820"');

/** The settings of a domain with leases that a domain of the mesh does not have. */
export const leaseSettingsSchema = z.strictObject({
  pool,
  endpoint,
  allowed_ips: z.array(networkText).min(1),
  dns: z.array(addressText).default([]),
  mtu: integer(576, 9000).default(1420),
  remind_days: z.array(integer(1, MOST_DAYS)).default([7, 1]),
  quarantine_days: integer(0, MOST_DAYS).default(7),
  relay: endpoint.optional(),
});
export type LeaseSettings = z.infer<typeof leaseSettingsSchema>;

const ofMeshAlone = z.never().optional();

/** A domain with leases: addresses are from a pool, for those who prove that they may have one. */
const leasedDomainSchema = leaseSettingsSchema.extend({
  ...COMMON,
  vxlan: ofMeshAlone,
  allowed_keys: ofMeshAlone,
  address: ofMeshAlone,
  fdb: ofMeshAlone,
  route: ofMeshAlone,
  max_peers: ofMeshAlone,
  max_pending: ofMeshAlone,
});

type MeshDomain = z.infer<typeof meshDomainSchema>;

/** A domain of either kind; without `leased` it is one of the mesh. */
export type Domain = Omit<MeshDomain, 'vxlan'> & {
  /** Undefined for a domain with leases. */
  readonly vxlan: MeshDomain['vxlan'] | undefined;
  readonly leased?: LeaseSettings;
};

export const domainSchema = z.unknown().transform((table, context): Domain => {
  const isLeased = typeof table === 'object' && table !== null && Object.hasOwn(table, 'pool');
  const result = isLeased ? leasedDomainSchema.safeParse(table) : meshDomainSchema.safeParse(table);
  if (!result.success) {
    for (const issue of result.error.issues) context.issues.push({ ...issue, input: table } as z.core.$ZodRawIssue);
    return z.NEVER;
  }
  if (!('pool' in result.data)) return result.data;
  if (result.data.pool.family6 !== undefined && result.data.mtu < IPV6_MTU)
    context.addIssue({ code: 'custom', path: ['mtu'], message: `at least ${IPV6_MTU}, which IPv6 needs` });
  if (!canBeSent(result.data)) context.addIssue({ code: 'custom', path: ['allowed_ips'], message: TOO_LONG });
  return toDomain(result.data);
});

/** The longest addresses, and a key: every member gets a configuration with its own. */
const SAMPLE = {
  address4: '255.255.255.255' as IpAddress,
  address6: 'fd00:ffff:ffff:ffff:ffff:ffff:ffff:ffff' as IpAddress,
  publicKey: `${'A'.repeat(43)}=` as PublicKey,
  expires: 0,
};

/** Whether the configuration of a client fits into a reply. */
function canBeSent({ endpoint, allowed_ips: allowedIps, dns, mtu, relay }: LeaseSettings): boolean {
  return succeeds(() => buildTunnelConfig({ ...SAMPLE, addresses: SAMPLE, endpoint, allowedIps, dns, mtu, relay }));
}

function toDomain({ wireguard, names, ...settings }: z.infer<typeof leasedDomainSchema>): Domain {
  const { pool, endpoint, allowed_ips, dns, mtu, remind_days, quarantine_days, relay } = settings;
  return {
    wireguard,
    names,
    leased: { pool, endpoint, allowed_ips, dns, mtu, remind_days, quarantine_days, relay },
    vxlan: undefined,
    address: 'eui64',
    fdb: [],
    route: false,
    max_peers: pool.size,
    max_pending: pool.size,
  };
}

function isNetwork(text: string): boolean {
  return succeeds(() => parseNetwork(text));
}

/** An IPv4 address that is written as an IPv6 one is not what clients expect. */
function isAddress(text: string): boolean {
  return (
    !text.includes('%') && succeeds(() => parseIpAddress(text)) && isIpv4(parseIpAddress(text)) !== text.includes(':')
  );
}

/** As wg-quick(8) has it: a name, an IPv4 address, or an IPv6 address in brackets. */
function isEndpoint(text: string): boolean {
  const [, bracketed, plain, port] = text.match(/^(?:\[([0-9a-fA-F:.]+)\]|([^[\]:\s]+)):(\d{1,5})$/) ?? [];
  const isHost = bracketed === undefined ? isHostName(plain ?? '') || isIP(plain ?? '') === 4 : isIP(bracketed) === 6;
  return isHost && Number(port) > 0 && Number(port) <= 65_535;
}

function succeeds(attempt: () => unknown): boolean {
  try {
    attempt();
    return true;
  } catch {
    return false;
  }
}

function isUnique(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}
