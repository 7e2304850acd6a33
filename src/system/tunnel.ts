import type { InterfaceName } from '../core/domain.ts';
import { parseInterfaceAddresses } from '../core/interface-addresses.ts';
import type { IpAddress } from '../core/ip-address.ts';
import { hasLinkLocalRoute } from '../core/link-local-route.ts';
import { type LinkDetails, parseLinkDetails } from '../core/tunnel-links.ts';
import { run } from './run.ts';

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
