import { isAllowed } from '../../core/exchange/key-lists.ts';
import type { DomainName } from '../../core/values/names.ts';
import { count } from '../terminal/words.ts';
import type { DomainReading } from './domain.ts';
import type { DomainStatus, GatewayStatus } from './gateway.ts';
import type { InterfaceReading, InterfaceRole } from './interfaces.ts';

/** A problem that needs the operator's attention. */
export interface Concern {
  /** The domain with the problem; undefined for the gateway as a whole. */
  readonly domain: DomainName | undefined;
  /** The problem, in half a sentence. */
  readonly problem: string;
  /** The command line that fixes it; undefined if the operator has to decide. */
  readonly remedy: string | undefined;
}

type Fault = Omit<Concern, 'domain'>;

/** The operator should know about a limit before it is reached. */
const NEARLY_FULL = 0.9;

export function findConcerns(status: GatewayStatus): Concern[] {
  const ofDomains = status.domains.flatMap((one) =>
    findDomainFaults(one).map((fault) => ({ domain: one.domain.name, ...fault })),
  );
  return [...findGatewayFaults(status).map((fault) => ({ domain: undefined, ...fault })), ...ofDomains];
}

function findGatewayFaults({ isListening, listFaults }: GatewayStatus): Fault[] {
  const deaf = fault('neither wgkex.socket nor wgkex.service is active', 'systemctl enable --now wgkex.socket');
  return [...(isListening === false ? [deaf] : []), ...listFaults.map((problem) => fault(problem))];
}

function findDomainFaults(status: DomainStatus): Fault[] {
  const { domain, wireguard, vxlan, reading, nextCleanup } = status;
  const faults = [...findInterfaceFaults(wireguard, 'WireGuard'), ...findInterfaceFaults(vxlan, 'VXLAN')];
  // A missing interface already explains why there are no peers.
  if (reading instanceof Error) faults.push(...(wireguard.state === 'missing' ? [] : [fault(reading.message)]));
  else faults.push(...findPeerFaults(reading, vxlan));
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
      return [fault(`${name} is not a ${role} interface${kind === undefined ? '' : ` but a ${kind}`}`)];
  }
}

function findPeerFaults(reading: DomainReading, vxlan: InterfaceReading): Fault[] {
  const { unrecordable } = reading.view;
  return [
    ...(vxlan.state === 'ok' ? findForwardingFaults(reading) : []),
    ...(unrecordable === undefined ? [] : [fault(unrecordable)]),
    ...findKeyFaults(reading),
    ...findLimitFaults(reading),
  ];
}

/** An operator's peer may have any key: gateways are on the list of disallowed keys to keep others from using them. */
function findKeyFaults({ domain, view: { peers, lists } }: DomainReading): Fault[] {
  const ours = [...peers.ours.keys()];
  const blocked = ours.filter((key) => lists.disallowed.has(key));
  const unlisted = ours.filter((key) => !isAllowed(key, lists));
  const has = count(unlisted.length, 'peer has a key', 'peers have keys');
  const problem = `${has} that ${domain.allowed_keys} does not list; the cleanup removes them`;
  return [
    ...blocked.map((key) => fault('a disallowed key is a peer', `wgkex remove ${domain.name} ${key}`)),
    ...(unlisted.length === 0 ? [] : [fault(problem)]),
  ];
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
      fault(`it has ${count(used, 'key', 'keys')}${which}; the limit is ${limit} (${setting})`),
    );
}

function fault(problem: string, remedy?: string): Fault {
  return { problem, remedy };
}
