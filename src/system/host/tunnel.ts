import { existsSync, readFileSync } from 'node:fs';
import { parseInterfaceAddresses } from '../../core/host/addresses.ts';
import { hasLinkLocalRoute } from '../../core/host/link-local-route.ts';
import { type LinkDetails, parseLinkDetails } from '../../core/host/tunnel-links.ts';
import type { IpAddress } from '../../core/values/ip-address.ts';
import type { InterfaceName } from '../../core/values/names.ts';
import { run } from '../run/run.ts';

/** The network interfaces of this machine by their names. */
export async function readLinkDetails(): Promise<ReadonlyMap<string, LinkDetails>> {
  const links = parseLinkDetails(await run('ip', ['-json', '-details', 'link', 'show']));
  return new Map(links.map((link) => [link.name, link]));
}

/** The addresses of an interface that exists. */
export async function readInterfaceAddresses(name: InterfaceName): Promise<IpAddress[]> {
  return parseInterfaceAddresses(await run('ip', ['-json', 'address', 'show', 'dev', name]));
}

/** Whether packets to derived addresses leave by this interface, which exists. */
export async function isLinkLocalRouted(name: InterfaceName): Promise<boolean> {
  return hasLinkLocalRoute(await run('ip', ['-6', '-json', 'route', 'show', 'dev', name]));
}

/** Whether an interface has IPv6; `none` if the kernel has it for no interface. */
export type Ipv6Switch = 'on' | 'off' | 'none';

const IPV6_SETTINGS = '/proc/sys/net/ipv6/conf';

/** The kernel has no settings for an interface whose MTU is too small for IPv6. */
export function readIpv6Switch(name: InterfaceName): Ipv6Switch {
  if (!existsSync(IPV6_SETTINGS)) return 'none';
  const path = `${IPV6_SETTINGS}/${name}/disable_ipv6`;
  return existsSync(path) && readFileSync(path, 'utf8').trim() !== '0' ? 'off' : 'on';
}
