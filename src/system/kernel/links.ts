import { readFileSync } from 'node:fs';
import type { DomainConfig } from '../../config/config.ts';
import { parseLinkNumbers } from '../../core/kernel/links.ts';
import { type IpAddress, parseIpAddress } from '../../core/values/ip-address.ts';
import type { InterfaceName } from '../../core/values/names.ts';
import { run } from '../run/run.ts';

/** The first digits of fe80::/10. */
const LINK_LOCAL_ROW = /^fe[89ab]/;

/**
 * True if the network namespace of this process has the interface.
 * /proc/net, unlike /sys/class/net, always shows the namespace of the process that reads it.
 */
export function interfaceExists(name: InterfaceName): boolean {
  const [, , ...rows] = readFileSync('/proc/net/dev', 'utf8').split('\n');
  return rows.some((row) => row.trimStart().startsWith(`${name}:`));
}

/** True if both interfaces of a domain exist. */
export function hasInterfaces({ wireguard, vxlan }: DomainConfig): boolean {
  return interfaceExists(wireguard) && interfaceExists(vxlan);
}

/**
 * One text that identifies the two interfaces of a domain, and changes when either is recreated, even under the same
 * name: the machine's boot (`/proc/sys/kernel/random/boot_id`) and both numbers.
 */
export async function readInterfacesId({ wireguard, vxlan }: DomainConfig): Promise<string> {
  const input = [wireguard, vxlan].map((name) => `link show dev ${name}\n`).join('');
  const numbers = parseLinkNumbers(await run('ip', ['-json', '-batch', '-'], input));
  return [readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(), ...numbers].join(' ');
}

/** All IPv6 addresses of this machine. */
export function readOwnAddresses(): Set<IpAddress> {
  return new Set(readAddressRows().map(parseAddressRow));
}

/** The link-local address of an interface, the lowest if there are several; undefined if it has none. */
export function readLinkAddress(name: InterfaceName): IpAddress | undefined {
  const rows = readAddressRows().filter((row) => row.endsWith(` ${name}`) && LINK_LOCAL_ROW.test(row));
  const [lowest] = rows.sort();
  return lowest === undefined ? undefined : parseAddressRow(lowest);
}

/** `/proc/net/if_inet6`: 32 hexadecimal digits, four numbers, and the name of the interface. */
function readAddressRows(): string[] {
  const rows = readFileSync('/proc/net/if_inet6', 'utf8').split('\n');
  return rows.filter((row) => row !== '');
}

function parseAddressRow(row: string): IpAddress {
  return parseIpAddress(row.slice(0, 32).replace(/(.{4})(?=.)/g, '$1:'));
}
