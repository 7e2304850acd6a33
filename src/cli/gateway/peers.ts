import type { Config, DomainConfig } from '../../config/config.ts';
import type { SurveyedPeer } from '../../core/changes/survey.ts';
import { comparePeers } from '../../core/operator/compare-peers.ts';
import type { PeerOrder } from '../../core/operator/peer-order.ts';
import { hasPart } from '../../core/operator/router-names.ts';
import { PEER_STATES, type PeerState } from '../../core/peers/peer-state.ts';
import { describeError } from '../../core/values/errors.ts';
import { type DomainReading, prepareReading } from './domain.ts';
import { readNames, summariseComplaints } from './names.ts';

/** Which peers to show; each option is either true or absent. */
type StateOptions = { readonly [State in PeerState]?: boolean };

export interface FilterOptions extends StateOptions {
  /** A part of their names. */
  readonly name?: string;
}

/** A peer and the domain in which it was found. */
export interface ListedPeer extends SurveyedPeer {
  readonly reading: DomainReading;
}

interface PeerList {
  readonly readings: readonly DomainReading[];
  /** A line for each domain that cannot be read. */
  readonly complaints: readonly string[];
  /** A line if some names of routers cannot be read. */
  readonly warnings: readonly string[];
}

/** Reads domains at once; one that cannot be read does not affect the others. */
export type ReadDomains = () => Promise<PeerList>;

export function prepareReadings(domains: readonly DomainConfig[], config: Config): ReadDomains {
  const reads = domains.map((domain) => prepareReading(domain, config));
  return async () => {
    const { names, complaints } = readNames(config);
    const results = await Promise.allSettled(reads.map((read) => read(names)));
    return {
      warnings: summariseComplaints(complaints),
      readings: results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])),
      complaints: results.flatMap((result) => (result.status === 'rejected' ? [describeError(result.reason)] : [])),
    };
  };
}

/** Reads them once. */
export function readDomains(domains: readonly DomainConfig[], config: Config): Promise<PeerList> {
  return prepareReadings(domains, config)();
}

/** The selected peers; peers of all states if no state is selected, named or not. */
export function selectPeers(reading: DomainReading, options: FilterOptions): ListedPeer[] {
  const wanted = PEER_STATES.filter((state) => options[state] === true);
  const { name } = options;
  return reading.peers
    .filter(({ state }) => wanted.length === 0 || wanted.includes(state))
    .filter(({ peer }) => name === undefined || hasPart(reading.names.get(peer.key), name))
    .map((surveyed) => ({ ...surveyed, reading }));
}

/** {@link selectPeers} in this order. */
export function listPeers(reading: DomainReading, options: FilterOptions, order: PeerOrder): ListedPeer[] {
  const compare = comparePeers(order);
  return selectPeers(reading, options).sort((one, other) => compare(one.peer, other.peer));
}
