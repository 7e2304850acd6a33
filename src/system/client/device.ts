import { existsSync, readFileSync } from 'node:fs';
import type { Family } from '../../core/client/networks.ts';
import { ALIAS } from '../../core/client/tunnel-plan.ts';
import { type MarkedLink, parseMarkedLinks } from '../../core/kernel/links.ts';
import { InputError } from '../../core/values/errors.ts';
import type { InterfaceName } from '../../core/values/names.ts';
import { PROGRAMS } from '../run/programs.ts';
import { run } from '../run/run.ts';
import { runBatch } from './batch.ts';
import { listFamilies } from './marked.ts';

/** Of an interface that wireguard-go serves. */
const USERSPACE = 'tun';

/** The interfaces of this machine. */
export type Links = ReadonlyMap<string, MarkedLink>;

export async function readLinks(): Promise<Links> {
  return parseMarkedLinks(await run('ip', ['-details', '-json', 'link', 'show']));
}

/** False also for an interface of this name that somebody else has made. */
export function isOurs(links: Links, device: InterfaceName): boolean {
  return links.get(device)?.alias === ALIAS;
}

/** @throws InputError if somebody else has made an interface of this name. */
export function requireNotForeign(links: Links, device: InterfaceName): void {
  if (links.has(device) && !isOurs(links, device))
    throw new InputError(`Cannot use ${device}: there is an interface of this name that wgkex-tunnel has not made`);
}

/**
 * Makes the interface if it is not there. Nobody ever sees it without its mark: it gets its name last. A scratch interface
 * is left over from a call that was interrupted.
 */
export async function ensureDevice(links: Links, device: InterfaceName): Promise<void> {
  const scratch = nameScratch(device);
  if (links.has(scratch)) await runBatch([`link delete dev ${scratch}`]);
  const kind = links.get(device)?.kind ?? (await makeDevice(scratch, device));
  if (kind === USERSPACE) await ensureUserspace(device);
}

/** Whether WireGuard is behind the interface: wireguard-go may have been killed. */
export async function isServed(links: Links, device: InterfaceName): Promise<boolean> {
  return links.get(device)?.kind !== USERSPACE || (await answers(device));
}

/** The words that delete the interface, and what an interrupted call has left of it. */
export function buildDelete(links: Links, device: InterfaceName): string[] {
  const own = [...(isOurs(links, device) ? [device] : []), nameScratch(device)];
  return own.filter((name) => links.has(name)).map((name) => `link delete dev ${name}`);
}

/** Whether the interface, which need not be there yet, can have addresses of a family. */
export function canCarry(device: InterfaceName, family: Family): boolean {
  if (family === 'IPv4') return true;
  const settings = '/proc/sys/net/ipv6/conf';
  const path = existsSync(`${settings}/${device}`) ? `${settings}/${device}` : `${settings}/default`;
  return listFamilies().includes('IPv6') && readFileSync(`${path}/disable_ipv6`, 'utf8').trim() === '0';
}

/** No interface of anybody else's has such a name: `wg+members` for `wg-members`. */
function nameScratch(device: InterfaceName): string {
  return device.replace('-', '+');
}

/** Returns its kind. */
async function makeDevice(scratch: string, device: InterfaceName): Promise<string> {
  const finish = [
    `link set dev ${scratch} alias ${ALIAS}`,
    ...(listFamilies().includes('IPv6') ? [`link set dev ${scratch} addrgenmode none`] : []),
    `link set dev ${scratch} name ${device}`,
  ];
  try {
    await runBatch([`link add ${scratch} type wireguard`, ...finish]);
    return 'wireguard';
  } catch (error) {
    if (existsSync('/sys/module/wireguard') || !existsSync(PROGRAMS['wireguard-go'])) throw error;
    await runBatch([`tuntap add dev ${scratch} mode tun`, ...finish]);
    return USERSPACE;
  }
}

/** wireguard-go serves an interface that is there already, and leaves it behind when it is killed. */
async function ensureUserspace(device: InterfaceName): Promise<void> {
  if (!(await answers(device))) await run('wireguard-go', [device]);
}

async function answers(device: InterfaceName): Promise<boolean> {
  try {
    await run('wg', ['show', device, 'public-key']);
    return true;
  } catch {
    return false;
  }
}
