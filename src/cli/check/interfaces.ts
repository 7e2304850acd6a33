import type { DomainConfig } from '../../config/config.ts';
import type { LinkDetails } from '../../core/host/tunnel-links.ts';
import {
  isLinkLocalRouted,
  readInterfaceAddresses,
  readIpv6Switch,
  readLinkDetails,
} from '../../system/host/tunnel.ts';
import { readWireguard } from '../../system/kernel/wg.ts';
import { ProgramError } from '../../system/run/program-error.ts';
import { type Check, isRoot } from './check.ts';
import { judgeTunnel, type Tunnel } from './tunnel.ts';

export const interfaces: Check = {
  name: 'interfaces',
  async find({ domains }) {
    const links = await readLinkDetails();
    const found = await Promise.all(
      domains.map(async (domain) => judgeTunnel(await readTunnel(domain, links), domain)),
    );
    return found.flat();
  },
};

async function readTunnel(domain: DomainConfig, links: ReadonlyMap<string, LinkDetails>): Promise<Tunnel> {
  const { wireguard: name } = domain;
  const [wireguard, vxlan] = [links.get(name), links.get(domain.vxlan ?? '')];
  const ipv6 = readIpv6Switch(name);
  if (wireguard === undefined) return { wireguard, vxlan, ipv6, speaks: 'nothing', addresses: [], isRouted: false };
  const [speaks, addresses, isRouted] = await Promise.all([
    isRoot() ? findSpeech(domain) : undefined,
    readInterfaceAddresses(name),
    isLinkLocalRouted(name),
  ]);
  return { wireguard, vxlan, ipv6, speaks, addresses, isRouted };
}

/** A `tun` may belong to wireguard-go or to any other program. */
async function findSpeech(domain: DomainConfig): Promise<Tunnel['speaks']> {
  try {
    const { ownKey } = await readWireguard(domain);
    return ownKey === undefined ? 'keyless' : 'wireguard';
  } catch (error) {
    if (error instanceof ProgramError && error.exitCode !== undefined) return 'nothing';
    throw error;
  }
}
