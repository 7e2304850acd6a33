import { readFileSync } from 'node:fs';
import type { InterfaceName } from '../core/domain.ts';
import { type IpAddress, parseIpAddress } from '../core/ip-address.ts';

/**
 * True if the network namespace of this process has the interface.
 * /proc/net, unlike /sys/class/net, always shows the namespace of who reads it.
 */
export function interfaceExists(name: InterfaceName): boolean {
  const [, , ...rows] = readFileSync('/proc/net/dev', 'utf8').split('\n');
  return rows.some((row) => row.trimStart().startsWith(`${name}:`));
}

/** All IPv6 addresses of this machine (`/proc/net/if_inet6`: 32 hexadecimal digits, then what does not matter here). */
export function readOwnAddresses(): Set<IpAddress> {
  const rows = readFileSync('/proc/net/if_inet6', 'utf8')
    .split('\n')
    .filter((row) => row !== '');
  return new Set(rows.map((row) => parseIpAddress(row.slice(0, 32).replace(/(.{4})(?=.)/g, '$1:'))));
}
