import { countStates } from '../../core/changes/survey.ts';
import { findLastExchange, listLastDay } from '../../core/exchange/activity.ts';
import type { PeerState } from '../../core/peers/peer-state.ts';
import type { DomainName } from '../../core/values/names.ts';
import type { UnixSeconds } from '../../core/values/time.ts';
import type { Concern } from '../gateway/attention.ts';
import type { DomainStatus, GatewayStatus } from '../gateway/gateway.ts';
import { type AgeCount, countAges } from './ages.ts';
import { groupHours, type Hour } from './drawing/hours.ts';

/** Everything that a public page knows, and thus can reveal: numbers, times, and the names of domains. */
export interface PageFacts {
  readonly at: UnixSeconds;
  /** The condition of the gateway itself, apart from its domains. */
  readonly condition: Condition;
  readonly domains: readonly DomainFacts[];
}

export interface DomainFacts {
  readonly name: DomainName;
  readonly condition: Condition;
  /** Undefined if the peers cannot be read. */
  readonly peers: PeerFacts | undefined;
  readonly hours: readonly Hour[];
  readonly lastExchange: UnixSeconds | undefined;
}

export interface PeerFacts {
  readonly states: Readonly<Record<PeerState, number>>;
  readonly ages: readonly AgeCount[];
}

/** The details of a problem are for the operator only. */
export type Condition = 'in order' | 'needs attention' | 'out of service';

/** Picks the public facts from the facts that the operator knows. */
export function findFacts({ at, isListening, domains }: GatewayStatus, concerns: readonly Concern[]): PageFacts {
  const isConcerned = (name: DomainName | undefined) => concerns.some(({ domain }) => domain === name);
  return {
    at,
    condition: judge(isListening === false, isConcerned(undefined)),
    domains: domains.map((status) => findDomainFacts(status, isConcerned(status.domain.name), at)),
  };
}

function findDomainFacts(status: DomainStatus, isConcerned: boolean, now: UnixSeconds): DomainFacts {
  const { domain, wireguard, vxlan, reading, activity } = status;
  return {
    name: domain.name,
    condition: judge(wireguard.state !== 'ok' || vxlan.state !== 'ok', isConcerned),
    peers: reading instanceof Error ? undefined : { states: countStates(reading.peers), ages: countAges(reading) },
    hours: groupHours(listLastDay(activity, now)),
    lastExchange: findLastExchange(activity, now),
  };
}

function judge(isBroken: boolean, isConcerned: boolean): Condition {
  if (isBroken) return 'out of service';
  return isConcerned ? 'needs attention' : 'in order';
}
