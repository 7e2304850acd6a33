import type { Config } from '../../config.ts';
import type { JournalEntry } from '../../core/journal.ts';
import { type Derivation, deriveAll } from '../../core/link-address.ts';
import { findObstacles, type Obstacle } from '../../core/obstacles.ts';
import type { UnixSeconds } from '../../core/peers.ts';
import type { PublicKey } from '../../core/public-key.ts';
import { isMeant, type RouterQuery } from '../../core/router-query.ts';
import type { SurveyedPeer } from '../../core/survey.ts';
import { DamagedStateError, StateFile } from '../../system/state.ts';
import type { DomainReading } from './domain.ts';
import type { ListedPeer } from './peers.ts';

/** A router in one domain: a peer of it, or what keeps it from being one. */
export interface Membership {
  readonly reading: DomainReading;
  readonly listed: ListedPeer | undefined;
  /** When the cleanup first saw it stale. */
  readonly markedAt: UnixSeconds | undefined;
  /** None where it is there. */
  readonly obstacles: readonly Obstacle[];
}

/** A key and what becomes of it in every domain. */
export interface RouterReading {
  readonly key: PublicKey;
  readonly derivations: readonly Derivation[];
  readonly memberships: readonly Membership[];
}

/** What `wgkex show` found. */
export interface Answer {
  /** As the operator wrote it. */
  readonly asked: string;
  readonly query: RouterQuery;
  readonly config: Config;
  readonly readings: readonly DomainReading[];
  readonly routers: readonly RouterReading[];
  /** Whether a router is a peer of some domain. */
  readonly isFound: boolean;
  /** Whether it is an address of this gateway. */
  readonly isOwn: boolean;
  /** Undefined where it was not asked, an error where it cannot be. */
  readonly journal: readonly JournalEntry[] | Error | undefined;
}

/** Every router that may be meant; one that is asked for by its whole key also where it is nowhere. */
export function findRouters(query: RouterQuery, readings: readonly DomainReading[], config: Config): RouterReading[] {
  const meant = readings.flatMap(({ peers }) => peers.filter(({ peer }) => isMeant(query, peer)));
  const keys = new Set([...meant.map(({ peer }) => peer.key), ...(query.kind === 'key' ? [query.key] : [])]);
  return [...keys].map((key) => ({
    key,
    derivations: deriveAll(key),
    memberships: readings.map((reading) => findMembership(key, reading, config)),
  }));
}

function findMembership(key: PublicKey, reading: DomainReading, config: Config): Membership {
  const found = reading.peers.find(({ peer }) => peer.key === key);
  if (found === undefined) return describeAbsence(key, reading);
  return { reading, listed: { ...found, reading }, markedAt: findMark(found, reading, config), obstacles: [] };
}

function describeAbsence(key: PublicKey, reading: DomainReading): Membership {
  return { reading, listed: undefined, markedAt: undefined, obstacles: findObstacles(key, reading.view) };
}

/** The mark of a peer that is alive again stays until the cleanup comes, and means nothing. */
function findMark({ peer, state }: SurveyedPeer, { domain }: DomainReading, config: Config): UnixSeconds | undefined {
  if (state !== 'stale' && state !== 'pending') return undefined;
  try {
    return new StateFile(config.state_directory, domain.name).read().marks.get(peer.key);
  } catch (error) {
    // The cleanup goes on without marks then.
    if (error instanceof DamagedStateError) return undefined;
    throw error;
  }
}
