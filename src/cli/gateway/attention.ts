import { isAllowed } from '../../core/exchange/key-lists.ts';
import { appendName, count } from '../terminal/words.ts';
import { type Concern, type Fault, fault } from './concern.ts';
import type { DomainReading } from './domain.ts';
import type { DomainStatus, GatewayStatus } from './gateway.ts';
import { HarmlessRemedy } from './harmless.ts';
import type { InterfaceReading, InterfaceRole } from './interfaces.ts';

/** The operator should know about a limit before it is reached. */
const NEARLY_FULL = 0.9;

export function findConcerns(status: GatewayStatus): Concern[] {
  const ofDomains = status.domains.flatMap((one) =>
    findDomainFaults(one).map((fault) => ({ domain: one.domain.name, ...fault })),
  );
  return [...findGatewayFaults(status).map((fault) => ({ domain: undefined, ...fault })), ...ofDomains];
}

function findGatewayFaults({ isListening, listFaults }: GatewayStatus): Fault[] {
  const deaf = fault(
    'not-listening',
    'neither wgkex.socket nor wgkex.service is active',
    HarmlessRemedy.enableUnit('wgkex.socket', 'now'),
  );
  return [...(isListening === false ? [deaf] : []), ...listFaults.map((problem) => fault('key-list', problem))];
}

function findDomainFaults(status: DomainStatus): Fault[] {
  const { domain, wireguard, vxlan, reading, nextCleanup } = status;
  const faults = findInterfaceFaults(wireguard, 'WireGuard');
  if (vxlan !== undefined) faults.push(...findInterfaceFaults(vxlan, 'VXLAN'));
  // A missing interface already explains why there are no peers.
  if (reading instanceof Error)
    faults.push(...(wireguard.state === 'missing' ? [] : [fault('peers-unreadable', reading.message)]));
  else faults.push(...findPeerFaults(reading, vxlan));
  if (nextCleanup === 'none') {
    const remedy = HarmlessRemedy.enableUnit(`wgkex-cleanup@${domain.name}.timer`, 'now');
    faults.push(fault('cleanup-not-scheduled', 'no cleanup is scheduled', remedy));
  }
  return faults;
}

const PREFIXES = { WireGuard: 'wireguard', VXLAN: 'vxlan' } as const;

function findInterfaceFaults({ name, state, kind }: InterfaceReading, role: InterfaceRole): Fault[] {
  const prefix = PREFIXES[role];
  switch (state) {
    case 'ok':
      return [];
    case 'missing':
      return [fault(`${prefix}-missing`, `${role} interface ${name} does not exist`)];
    case 'down':
      return [fault(`${prefix}-down`, `${role} interface ${name} is down`, `ip link set ${name} up`)];
    case 'wrong kind':
      return [
        fault(`${prefix}-kind`, `${name} is not a ${role} interface${kind === undefined ? '' : ` but a ${kind}`}`),
      ];
  }
}

function findPeerFaults(reading: DomainReading, vxlan: InterfaceReading | undefined): Fault[] {
  const { unrecordable } = reading.view;
  return [
    ...(vxlan?.state === 'ok' ? findForwardingFaults(reading) : []),
    ...(unrecordable === undefined ? [] : [fault('record-unwritable', unrecordable)]),
    ...findKeyFaults(reading),
    // How full a pool is depends on its leases.
    ...(reading.domain.leased === undefined ? findLimitFaults(reading) : []),
  ];
}

/** An operator's peer may have any key: gateways are on the list of disallowed keys to keep others from using them. */
function findKeyFaults({ domain, names, view: { peers, lists } }: DomainReading): Fault[] {
  const ours = [...peers.ours.keys()];
  const blocked = ours.filter((key) => lists.disallowed.has(key));
  const unlisted = ours.filter((key) => !isAllowed(key, lists));
  // A member's lease would keep it.
  const remove = domain.leased === undefined ? `remove ${domain.name}` : 'block';
  const has = count(unlisted.length, 'peer has a key', 'peers have keys');
  const problem = `${has} that ${domain.allowed_keys} does not list; the cleanup removes them`;
  return [
    ...blocked.map((key) =>
      fault('disallowed-peer', `a disallowed key is a peer${appendName(names.get(key))}`, `wgkex ${remove} ${key}`),
    ),
    ...(unlisted.length === 0 ? [] : [fault('unlisted-peers', problem)]),
  ];
}

function findForwardingFaults({ domain, peers, orphanedEntries, orphanedRoutes }: DomainReading): Fault[] {
  const unserved = peers.filter(({ missingEntries }) => missingEntries.length > 0).length;
  const unrouted = peers.filter(({ lacksRoute }) => lacksRoute).length;
  const problems = [
    {
      code: 'entries-missing',
      number: unserved,
      problem: `${count(unserved, 'router lacks', 'routers lack')} forwarding entries`,
    },
    {
      code: 'routes-missing',
      number: unrouted,
      problem: count(unrouted, 'router lacks its route', 'routers lack their routes'),
    },
    {
      code: 'entries-orphaned',
      number: orphanedEntries.length,
      problem: `${count(orphanedEntries.length, 'forwarding entry leads', 'forwarding entries lead')} to no router`,
    },
    {
      code: 'routes-orphaned',
      number: orphanedRoutes.length,
      problem: `${count(orphanedRoutes.length, 'route leads', 'routes lead')} to no router`,
    },
  ] as const;
  const remedy = HarmlessRemedy.restoreForwarding(domain.name);
  return problems.filter(({ number }) => number > 0).map(({ code, problem }) => fault(code, problem, remedy));
}

function findLimitFaults({ domain, view: { peers: table } }: DomainReading): Fault[] {
  const limits = [
    { code: 'peers-limit', which: '', used: table.ours.size, limit: domain.max_peers, setting: 'max_peers' },
    {
      code: 'pending-limit',
      which: ' that never connected',
      used: table.pending.size,
      limit: domain.max_pending,
      setting: 'max_pending',
    },
  ] as const;
  return limits
    .filter(({ used, limit }) => used > 0 && used >= limit * NEARLY_FULL)
    .map(({ code, which, used, limit, setting }) =>
      fault(code, `it has ${count(used, 'key', 'keys')}${which}; the limit is ${limit} (${setting})`),
    );
}
