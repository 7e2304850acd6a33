import type { Config, DomainConfig } from '../../config/config.ts';
import type { SurveyedPeer } from '../../core/changes/survey.ts';
import { comparePeers } from '../../core/operator/compare-peers.ts';
import type { PeerOrder } from '../../core/operator/peer-order.ts';
import { PEER_STATES, type PeerState } from '../../core/peers/peer-state.ts';
import { describeError } from '../../core/values/errors.ts';
import { type DomainReading, readDomain } from './domain.ts';

/** Which peers to show; each option is either true or absent. */
export type StateOptions = { readonly [State in PeerState]?: boolean };

/** A peer and the domain in which it was found. */
export interface ListedPeer extends SurveyedPeer {
  readonly reading: DomainReading;
}

interface PeerList {
  readonly readings: readonly DomainReading[];
  /** A line for each domain that cannot be read. */
  readonly complaints: readonly string[];
}

/** Reads domains at once; one that cannot be read does not affect the others. */
export async function readDomains(domains: readonly DomainConfig[], config: Config): Promise<PeerList> {
  const results = await Promise.allSettled(domains.map((domain) => readDomain(domain, config)));
  return {
    readings: results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])),
    complaints: results.flatMap((result) => (result.status === 'rejected' ? [describeError(result.reason)] : [])),
  };
}

/** The selected peers; peers of all states if no state is selected. */
export function listPeers(reading: DomainReading, states: StateOptions, order: PeerOrder): ListedPeer[] {
  const wanted = PEER_STATES.filter((state) => states[state] === true);
  const compare = comparePeers(order);
  return reading.peers
    .filter(({ state }) => wanted.length === 0 || wanted.includes(state))
    .sort((one, other) => compare(one.peer, other.peer))
    .map((surveyed) => ({ ...surveyed, reading }));
}
