import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { type DomainConfig, listInterfaces } from '../../config/config.ts';
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

/** True if the interfaces of a domain exist. */
export function hasInterfaces(domain: DomainConfig): boolean {
  return listInterfaces(domain).every(([, name]) => interfaceExists(name));
}

/**
 * One text that identifies the interfaces of a domain, and changes when one of them is recreated, even under the same
 * name: the machine's boot (`/proc/sys/kernel/random/boot_id`) and their numbers.
 */
export async function readInterfacesId(domain: DomainConfig): Promise<string> {
  const input = listInterfaces(domain)
    .map(([, name]) => `link show dev ${name}\n`)
    .join('');
  const numbers = parseLinkNumbers(await run('ip', ['-json', '-batch', '-'], input));
  return [readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(), ...numbers].join(' ');
}

/** All addresses of this machine, IPv4 and IPv6, on interfaces that are up. */
export function readAllOwnAddresses(): Set<IpAddress> {
  const ipv4 = Object.values(networkInterfaces()).flatMap((all = []) =>
    all.map(({ address }) => parseIpAddress(address)),
  );
  return new Set([...ipv4, ...readOwnAddresses()]);
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
