import { readFileSync } from 'node:fs';
import { USER } from '../../core/client/installation.ts';
import { deriveInterface } from '../../core/client/instance.ts';
import { isDefaultRoute, parseCidr } from '../../core/client/networks.ts';
import { listCarried } from '../../core/client/route-rules.ts';
import { ALL_TABLE, MAIN_TABLE, type Means, type Tunnel } from '../../core/client/tunnel-plan.ts';
import { InputError } from '../../core/values/errors.ts';
import type { InterfaceName } from '../../core/values/names.ts';
import { run } from '../run/run.ts';
import { canCarry } from './device.ts';
import { type DnsWay, requireDnsWay } from './dns.ts';
import { findProxyTable, findTaker, listFamilies, type Marked } from './marked.ts';
import { readUplinks } from './surroundings.ts';

const STRICT = 1;

export interface Prepared {
  readonly means: Means;
  /** Undefined for a tunnel that does not take all traffic. */
  readonly dnsWay: DnsWay | undefined;
}

/** Finds out what a tunnel needs to know of this machine. @throws InputError if the machine is not made for it. */
export async function prepare(tunnel: Tunnel, marked: Marked): Promise<Prepared> {
  const { name, settings, traffic } = tunnel;
  const device = deriveInterface(name);
  const carried = listCarried(settings).filter((family) => canCarry(device, family));
  if (carried.length === 0) throw new InputError(`Cannot bring up ${device}: IPv6 is switched off on this machine`);
  const means = { families: listFamilies(), carried };
  if (traffic === 'routes') return { means: { ...means, table: MAIN_TABLE, uid: 0 }, dnsWay: undefined };
  if (traffic === 'proxy')
    return { means: { ...means, table: requireTable(marked, device), uid: 0 }, dnsWay: undefined };
  const routes = settings.allowedIps.map(parseCidr).filter(({ family }) => carried.includes(family));
  if (!routes.some(isDefaultRoute))
    throw new InputError(`Cannot take all traffic through ${device}: there is no default route for ${carried[0]}`);
  requireOnlyTaker(marked, device);
  const dnsWay = requireDnsWay();
  await requireLooseFilter(device);
  return { means: { ...means, table: ALL_TABLE, uid: await findUid() }, dnsWay };
}

function requireTable(marked: Marked, device: InterfaceName): number {
  const table = findProxyTable(marked, device);
  if (table === undefined) throw new InputError(`Cannot bring up ${device}: other tunnels have all tables for proxies`);
  return table;
}

function requireOnlyTaker(marked: Marked, device: InterfaceName): void {
  const taker = findTaker(marked);
  if (taker !== undefined && taker !== device)
    throw new InputError(`Cannot take all traffic through ${device}: ${taker} does so already`);
}

/**
 * With a strict filter the kernel would drop the gateway’s packets: by the rules, the way back to it is the tunnel. The
 * filter could only be asked about marked packets (src_valid_mark), and nobody marks them.
 */
async function requireLooseFilter(device: InterfaceName): Promise<void> {
  const all = readFilter('all');
  const strict = [...(await readUplinks(device))].find((uplink) => Math.max(all, readFilter(uplink)) === STRICT);
  if (strict !== undefined)
    throw new InputError(
      `Cannot take all traffic through ${device}: ${strict} checks reverse paths strictly; sysctl -w net.ipv4.conf.all.rp_filter=2`,
    );
}

function readFilter(device: string): number {
  return Number(readFileSync(`/proc/sys/net/ipv4/conf/${device}/rp_filter`, 'utf8'));
}

async function findUid(): Promise<number> {
  const [, , uid] = (await run('getent', ['passwd', USER]).catch(() => '')).split(':');
  if (uid === undefined) throw new InputError(`Cannot take all traffic: there is no user ${USER}`);
  return Number(uid);
}
