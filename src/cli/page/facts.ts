import { countStates } from '../../core/changes/survey.ts';
import { addUpCounts, findLastExchange, listLastDay, type OutcomeCounts } from '../../core/exchange/activity.ts';
import type { History } from '../../core/peers/history.ts';
import type { PeerState } from '../../core/peers/peer-state.ts';
import type { DomainName } from '../../core/values/names.ts';
import type { UnixSeconds } from '../../core/values/time.ts';
import type { Concern } from '../gateway/concern.ts';
import type { DomainStatus, GatewayStatus } from '../gateway/gateway.ts';
import { type AgeCount, countAges } from './ages.ts';

/** What the operator says about the community; see `[page]` in wgkex.toml(5). */
export interface Community {
  readonly title?: string | undefined;
  readonly link?: string | undefined;
}

/**
 * Everything that a public page knows, and thus can reveal: numbers, times, the names of domains, and what the operator
 * wrote for it.
 */
export interface PageFacts {
  readonly community: Community;
  readonly at: UnixSeconds;
  /** The condition of the gateway itself, apart from its domains. */
  readonly condition: Condition;
  readonly domains: readonly DomainFacts[];
  /** The gateways of the community; undefined for one that is alone, or if the broker cannot be reached. */
  readonly fleet: FleetFacts | undefined;
}

export interface FleetFacts {
  readonly gateways: number;
  readonly online: number;
}

export interface DomainFacts {
  readonly name: DomainName;
  readonly condition: Condition;
  /** Undefined if the peers cannot be read. */
  readonly peers: PeerFacts | undefined;
  /** Undefined if it cannot be read. */
  readonly history: History | undefined;
  /** The exchanges of the last day. */
  readonly registrations: OutcomeCounts;
  /** The last exchange that got `OK`. */
  readonly lastRegistration: UnixSeconds | undefined;
}

export interface PeerFacts {
  readonly states: Readonly<Record<PeerState, number>>;
  readonly ages: readonly AgeCount[];
}

/** The details of a problem are for the operator only. */
export type Condition = 'in order' | 'needs attention' | 'out of service';

/** What only the page needs, besides the facts that the operator knows. */
interface PageSources {
  readonly community: Community;
  /** Undefined for a domain whose history cannot be read. */
  readonly findHistory: (domain: DomainName) => History | undefined;
  readonly fleet?: FleetFacts | undefined;
}

/** Picks the public facts from the facts that the operator knows. */
export function findFacts(
  { at, isListening, domains }: GatewayStatus,
  concerns: readonly Concern[],
  { community, findHistory, fleet }: PageSources,
): PageFacts {
  const isConcerned = (name: DomainName | undefined) => concerns.some(({ domain }) => domain === name);
  return {
    community,
    at,
    condition: judge(isListening === false, isConcerned(undefined)),
    fleet,
    domains: domains.map((status) => ({
      ...findDomainFacts(status, isConcerned(status.domain.name), at),
      history: findHistory(status.domain.name),
    })),
  };
}

function findDomainFacts(status: DomainStatus, isConcerned: boolean, now: UnixSeconds): Omit<DomainFacts, 'history'> {
  const { domain, wireguard, vxlan, reading, activity } = status;
  return {
    name: domain.name,
    condition: judge(wireguard.state !== 'ok' || (vxlan?.state ?? 'ok') !== 'ok', isConcerned),
    peers: reading instanceof Error ? undefined : { states: countStates(reading.peers), ages: countAges(reading) },
    registrations: addUpCounts(listLastDay(activity, now)),
    lastRegistration: findLastExchange(activity, now),
  };
}

function judge(isBroken: boolean, isConcerned: boolean): Condition {
  if (isBroken) return 'out of service';
  return isConcerned ? 'needs attention' : 'in order';
}
