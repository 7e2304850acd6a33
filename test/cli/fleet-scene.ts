import type { FleetReading } from '../../src/cli/fleet/reading.ts';
import type { WorkerPlace } from '../../src/cli/fleet/workers.ts';
import { parseGatewayId } from '../../src/core/fleet/gateway-id.ts';
import { type GatewayState, parseState } from '../../src/core/fleet/payloads.ts';
import { parseDomainName } from '../../src/core/values/names.ts';
import { KEYS } from '../core/arbitraries.ts';

export const FLEET_NOW = 1_700_000_000;

interface MemberSetup {
  readonly isOnline?: boolean;
  /** By domain; what differs from a sound one. */
  readonly states: Readonly<Record<string, object>>;
}

/** What the broker knows of a fleet, by the ids of its members. */
export function buildReading(members: Readonly<Record<string, MemberSetup>>): FleetReading {
  return {
    at: FLEET_NOW,
    broker: 'mqtt.example.org:8883',
    members: Object.entries(members).map(([id, { isOnline = true, states }]) => ({
      id: parseGatewayId(id),
      isOnline,
      domains: new Map(Object.entries(states).map(([name, state]) => [parseDomainName(name), buildState(state)])),
    })),
    workers: [],
    unreadable: [],
    ownInstances: new Set(),
  };
}

export function buildState(differences: object): GatewayState {
  const sound = {
    ...{ version: '0.3.0', sent_at: FLEET_NOW - 10, since: FLEET_NOW - 7200, name: 'gw1.example.org', weight: 1 },
    ...{ names: [], port: 51_820, public_key: KEYS[0], link_address: 'fe80::1', alive: 0, peers: 0, max_peers: 2000 },
  };
  return parseState(Buffer.from(JSON.stringify({ ...sound, ...differences })));
}

/** A worker of freifunkMUC that has said nothing but its number. */
export const WORKER: WorkerPlace = {
  ...{ worker: parseGatewayId('gw04.in.example'), domain: parseDomainName('ffww01'), isOnline: true, data: undefined },
  ...{ count: 12, condition: 'unreadable', weight: 30 },
};
