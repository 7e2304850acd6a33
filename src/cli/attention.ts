import type { DomainConfig } from '../config.ts';
import type { DomainName } from '../core/domain.ts';
import type { PublicKey } from '../core/public-key.ts';
import type { SurveyedPeer } from '../core/survey.ts';
import type { DomainReading } from './reading/domain.ts';
import type { DomainStatus, GatewayStatus } from './reading/gateway.ts';
import type { InterfaceReading, InterfaceRole } from './reading/interfaces.ts';
import { count } from './rendering/words.ts';

/** Something that needs somebody's attention. */
export interface Concern {
  /** The domain that it is about; undefined for the gateway as a whole. */
  readonly domain: DomainName | undefined;
  /** What is wrong, in half a sentence. */
  readonly problem: string;
  /** The command line that mends it; undefined where that is for the operator to decide. */
  readonly remedy: string | undefined;
}

type Fault = Omit<Concern, 'domain'>;

/** A limit is worth a word before it is reached. */
const NEARLY_FULL = 0.9;

export function findConcerns(status: GatewayStatus): Concern[] {
  const ofDomains = status.domains.flatMap((one) =>
    findDomainFaults(one, status.disallowed.keys).map((fault) => ({ domain: one.domain.name, ...fault })),
  );
  return [...findGatewayFaults(status).map((fault) => ({ domain: undefined, ...fault })), ...ofDomains];
}

function findGatewayFaults({ isListening, disallowed }: GatewayStatus): Fault[] {
  const deaf = fault('neither wgkex.socket nor wgkex.service is active', 'systemctl enable --now wgkex.socket');
  return [...(isListening === false ? [deaf] : []), ...disallowed.complaints.map((complaint) => fault(complaint))];
}

function findDomainFaults(status: DomainStatus, disallowed: ReadonlySet<PublicKey>): Fault[] {
  const { domain, wireguard, vxlan, reading, nextCleanup } = status;
  const faults = [...findInterfaceFaults(wireguard, 'WireGuard'), ...findInterfaceFaults(vxlan, 'VXLAN')];
  // Why there are no peers to see is clear where there is no interface.
  if (reading instanceof Error) faults.push(...(wireguard.state === 'missing' ? [] : [fault(reading.message)]));
  else faults.push(...findPeerFaults(reading, vxlan, disallowed));
  if (nextCleanup === 'none')
    faults.push(fault('no cleanup is scheduled', `systemctl enable --now wgkex-cleanup@${domain.name}.timer`));
  return faults;
}

function findInterfaceFaults({ name, state, kind }: InterfaceReading, role: InterfaceRole): Fault[] {
  switch (state) {
    case 'ok':
      return [];
    case 'missing':
      return [fault(`${role} interface ${name} does not exist`)];
    case 'down':
      return [fault(`${role} interface ${name} is down`, `ip link set ${name} up`)];
    case 'wrong kind':
      return [fault(`${name} is no ${role} interface${kind === undefined ? '' : ` but a ${kind}`}`)];
  }
}

function findPeerFaults(reading: DomainReading, vxlan: InterfaceReading, disallowed: ReadonlySet<PublicKey>): Fault[] {
  const { domain, peers } = reading;
  const blocked = peers.filter(({ peer }) => disallowed.has(peer.key));
  return [
    ...(vxlan.state === 'ok' ? findForwardingFaults(reading) : []),
    ...blocked.map((surveyed) => fault('a disallowed key is a peer', buildRemoval(surveyed, domain))),
    ...findLimitFaults(reading),
  ];
}

/** What was set up by hand is removed by hand. */
function buildRemoval({ peer: { key }, state }: SurveyedPeer, { name, wireguard }: DomainConfig): string {
  return state === 'static' ? `wg set ${wireguard} peer ${key} remove` : `wgkex remove ${name} ${key}`;
}

function findForwardingFaults({ domain, peers, orphanedEntries, orphanedRoutes }: DomainReading): Fault[] {
  const unserved = peers.filter(({ missingEntries }) => missingEntries.length > 0).length;
  const unrouted = peers.filter(({ lacksRoute }) => lacksRoute).length;
  const problems = [
    { number: unserved, problem: `${count(unserved, 'router lacks', 'routers lack')} forwarding entries` },
    { number: unrouted, problem: count(unrouted, 'router lacks its route', 'routers lack their routes') },
    {
      number: orphanedEntries.length,
      problem: `${count(orphanedEntries.length, 'forwarding entry leads', 'forwarding entries lead')} to no router`,
    },
    {
      number: orphanedRoutes.length,
      problem: `${count(orphanedRoutes.length, 'route leads', 'routes lead')} to no router`,
    },
  ];
  const remedy = `/usr/lib/wgkex/wgkex-cleanup ${domain.name}`;
  return problems.filter(({ number }) => number > 0).map(({ problem }) => fault(problem, remedy));
}

function findLimitFaults({ domain, view: { peers: table } }: DomainReading): Fault[] {
  const limits = [
    { which: '', used: table.ours.size, limit: domain.max_peers, setting: 'max_peers' },
    { which: ' that never connected', used: table.pending.size, limit: domain.max_pending, setting: 'max_pending' },
  ];
  return limits
    .filter(({ used, limit }) => used > 0 && used >= limit * NEARLY_FULL)
    .map(({ which, used, limit, setting }) =>
      fault(`it has ${count(used, 'key', 'keys')}${which}, and takes ${limit} (${setting})`),
    );
}

function fault(problem: string, remedy?: string): Fault {
  return { problem, remedy };
}
