import { type DomainConfig, isLeased } from '../../../config/config.ts';
import { type FirewallChain, findDroppingChains, mentions } from '../../../core/host/forwarding/firewall.ts';
import { readFirewall } from '../../../system/host/forwarding/firewall.ts';
import { type ForwardingSwitches, readForwardingSwitches } from '../../../system/host/forwarding/switches.ts';
import { readOwnAddresses } from '../../../system/kernel/links.ts';
import { type Concern, fault } from '../../gateway/concern.ts';
import { type Check, isRoot } from '../check.ts';

/** Whether the kernel passes on what members send, to others and to one another. */
export const forwarding: Check = {
  name: 'forwarding',
  async find({ domains }) {
    const leased = domains.filter(isLeased);
    const [switches, own] = [readForwardingSwitches(), readOwnAddresses()];
    // Only root may read the rules.
    const chains = isRoot() ? findDroppingChains(await readFirewall()) : [];
    return leased.flatMap((domain) => [...judgeSwitches(switches, own, domain), ...judgeFirewall(chains, domain)]);
  },
};

const SETTINGS = { ipv4: 'net.ipv4.ip_forward', ipv6: 'net.ipv6.conf.all.forwarding' } as const;

/** A domain whose members only talk to the gateway itself needs no forwarding. */
export function judgeSwitches(
  switches: ForwardingSwitches,
  own: ReadonlySet<string>,
  { name, leased }: DomainConfig,
): Concern[] {
  const routed = (leased?.allowed_ips ?? []).filter((network) => !own.has(network.replace(/\/(32|128)$/, '')));
  return (['ipv4', 'ipv6'] as const).flatMap((family) => {
    const [network] = routed.filter((one) => one.includes(':') === (family === 'ipv6'));
    if (network === undefined || switches[family]) return [];
    const problem = `members route ${network} here, but the kernel does not forward (${SETTINGS[family]} = 0)`;
    return [{ domain: name, ...fault('forwarding-off', problem, `sysctl -w ${SETTINGS[family]}=1`) }];
  });
}

/** What a chain lets through is the operator's decision, but one that never mentions the interface is an oversight. */
export function judgeFirewall(chains: readonly FirewallChain[], { name, wireguard, leased }: DomainConfig): Concern[] {
  return chains
    .filter((chain) => !mentions(chain, wireguard, leased?.pool.networks ?? []))
    .map(({ family, table, chain }) => {
      const problem = `the firewall drops what members send on: no rule names ${wireguard}, and the policy is drop`;
      return { domain: name, ...fault('forwarding-blocked', problem, `nft list chain ${family} ${table} ${chain}`) };
    });
}
