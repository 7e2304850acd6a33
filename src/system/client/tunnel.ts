import { CLIENT_DIRECTORY } from '../../core/client/installation.ts';
import { deriveInterface, type InstanceName, type Traffic } from '../../core/client/instance.ts';
import { parsePrivateKey } from '../../core/client/private-key.ts';
import { ALL_TABLE, buildPeerWords, buildPlan, type Tunnel } from '../../core/client/tunnel-plan.ts';
import { parseAddresses } from '../../core/kernel/links.ts';
import { parseDump } from '../../core/kernel/wg-dump.ts';
import type { InterfaceName } from '../../core/values/names.ts';
import type { PublicKey } from '../../core/values/public-key.ts';
import { takeTunnelLock } from '../files/lock.ts';
import { run, runWithLine } from '../run/run.ts';
import { runBatch } from './batch.ts';
import { buildDelete, ensureDevice, isOurs, isServed, type Links, readLinks, requireNotForeign } from './device.ts';
import { clearDns, revertDns, setDns } from './dns.ts';
import { removeGuard, setGuard } from './guard.ts';
import { addOwner, addRoutes, addRules, type Lines, removeLines, removeOwner } from './lines.ts';
import { findOwn, findTables, readMarked } from './marked.ts';
import { type Prepared, prepare } from './prepare.ts';

const NOTHING = { isUp: false, handshake: 0, received: 0, sent: 0 };

/** What the tunnel is like now. */
export interface TunnelReading {
  /** Whether its interface is there, made by {@link bringUp}. */
  readonly isUp: boolean;
  /** Seconds since 1970; 0 if there never was one. */
  readonly handshake: number;
  readonly received: number;
  readonly sent: number;
}

/**
 * Brings a tunnel up, or makes of it what these settings say: interface, routes, rules and name servers. Doing it again
 * changes nothing, but there is a new handshake; a call after one that was interrupted repairs what that has left. If a
 * first call fails nothing is left; a later one leaves what is there, so that no packet goes past the tunnel.
 * @throws InputError if this machine is not made for it, before anything is changed.
 */
export async function bringUp(tunnel: Tunnel): Promise<void> {
  const device = deriveInterface(tunnel.name);
  // wg(8) prints a key that it cannot read.
  parsePrivateKey(tunnel.privateKey, `the call for ${device}`);
  await locked(async () => {
    const links = await readLinks();
    requireNotForeign(links, device);
    const marked = await readMarked();
    const prepared = await prepare(tunnel, marked);
    const isNew = !links.has(device) && findTables(marked, device).size === 0;
    await apply(tunnel, prepared, links).catch(async (error) => {
      if (isNew) await remove(device).catch(() => {});
      throw error;
    });
  });
}

/**
 * Takes a tunnel down with all that belongs to it; does nothing where there is none, and leaves an interface alone that
 * somebody else has made under this name.
 */
export async function takeDown(name: InstanceName): Promise<void> {
  await locked(() => remove(deriveInterface(name)));
}

/** `traffic` is the instance’s: a tunnel for all traffic is not up without the rules that bring the traffic to it. */
export async function readTunnel(name: InstanceName, traffic: Traffic = 'routes'): Promise<TunnelReading> {
  const device = deriveInterface(name);
  const links = await readLinks();
  if (!isOurs(links, device) || !(await isServed(links, device))) return NOTHING;
  if (traffic === 'all' && !findTables(await readMarked(), device).has(ALL_TABLE)) return NOTHING;
  const { peers } = parseDump(await run('wg', ['show', device, 'dump']));
  const handshakes = peers.map(({ lastHandshake }) => (lastHandshake === 'never' ? 0 : lastHandshake));
  return {
    isUp: true,
    handshake: Math.max(0, ...handshakes),
    received: peers.reduce((sum, { received }) => sum + received, 0),
    sent: peers.reduce((sum, { sent }) => sum + sent, 0),
  };
}

/** Tunnels share tables and rules, and wgkex-tunnel may run several times: only one changes anything at a time. */
async function locked<T>(work: () => Promise<T>): Promise<T> {
  const lock = await takeTunnelLock(CLIENT_DIRECTORY);
  try {
    return await work();
  } finally {
    lock.release();
  }
}

/** Everything new comes before anything old goes, and the name servers after the rules: nothing leaves in between. */
async function apply(tunnel: Tunnel, { means, dnsWay }: Prepared, links: Links): Promise<void> {
  const device = deriveInterface(tunnel.name);
  const plan = buildPlan(tunnel, means);
  await ensureDevice(links, device);
  const words = buildPeerWords(tunnel, means.carried, await readKeys(device));
  await runWithLine('wg', words, tunnel.privateKey);
  await setAddresses(device, plan.addresses, tunnel.settings.mtu);
  const before = findOwn(await readMarked(), device);
  const took = findTables(before, device).has(ALL_TABLE);
  await addOwner(before, plan);
  await addRoutes(before, plan);
  if (dnsWay !== undefined) await setGuard(device);
  await addRules(before, plan);
  if (dnsWay !== undefined) await setDns(dnsWay, device, tunnel.settings.dns);
  else if (took) await revertDns(device);
  await removeLines(before, plan);
  if (took && dnsWay === undefined) await removeGuard(device);
  await removeOwner(before, plan);
}

async function readKeys(device: InterfaceName): Promise<PublicKey[]> {
  return parseDump(await run('wg', ['show', device, 'dump'])).peers.map(({ key }) => key);
}

/** The kernel drops the routes of an interface that loses its last IPv4 address: this comes before they are read. */
async function setAddresses(device: InterfaceName, addresses: readonly string[], mtu: number): Promise<void> {
  const before = parseAddresses(await run('ip', ['-json', 'address', 'show', 'dev', device]));
  const [missing, former] = [without(addresses, before), without(before, addresses)];
  await runBatch([
    `link set dev ${device} mtu ${mtu} up`,
    ...missing.map((address) => `address add ${address} dev ${device}${address.includes(':') ? ' nodad' : ''}`),
    ...former.map((address) => `address del ${address} dev ${device}`),
  ]);
}

/**
 * What catches packets goes after what they are caught for: until then nothing leaves by another way. Name servers that
 * cannot be set back keep nothing else from being removed.
 */
async function remove(device: InterfaceName): Promise<void> {
  const [links, marked] = await Promise.all([readLinks(), readMarked()]);
  const failure = await clearDns(device).catch((error: unknown) => error);
  await runBatch(buildDelete(links, device));
  const nothing: Lines = { routes: [], rules: { IPv4: [], IPv6: [] } };
  const own = findOwn(marked, device);
  await removeLines({ ...own, routes: own.routes.filter((route) => route.device !== device) }, nothing);
  // `ip rule flush` leaves the guard; a kernel that has never had one may not have nftables.
  await removeGuard(device).catch((error: unknown) => {
    if (findTables(own, device).has(ALL_TABLE)) throw error;
  });
  await removeOwner(own, nothing);
  if (failure !== undefined) throw failure;
}

function without(some: readonly string[], others: readonly string[]): string[] {
  return some.filter((one) => !others.includes(one));
}
