import type { Config } from '../../config/config.ts';
import type { SurveyedPeer } from '../../core/changes/survey.ts';
import type { DomainView, ObstacleRule } from '../../core/decisions/admission.ts';
import { findObstacles, type Obstacle } from '../../core/decisions/obstacles.ts';
import type { JournalEntry } from '../../core/host/journal.ts';
import { findKeyLease, type KeyLease } from '../../core/leases/key-lease.ts';
import type { Lease } from '../../core/leases/lease.ts';
import { findNamed, isMeant, type RouterQuery } from '../../core/operator/router-query.ts';
import type { Claim } from '../../core/peers/claims.ts';
import type { OperatorsMark } from '../../core/peers/ownership.ts';
import { type Derivation, deriveAll } from '../../core/values/derived-address.ts';
import type { DomainName } from '../../core/values/names.ts';
import type { PublicKey } from '../../core/values/public-key.ts';
import type { RouterName } from '../../core/values/router-name.ts';
import type { UnixSeconds } from '../../core/values/time.ts';
import { DamagedStateError, StateFile } from '../../system/store/state.ts';
import type { DomainReading } from './domain.ts';
import type { DomainMesh } from './mesh.ts';
import type { ListedPeer } from './peers.ts';

/** A router in one domain: its peer, or the obstacles that keep it out. */
export interface Membership {
  readonly reading: DomainReading;
  readonly listed: ListedPeer | undefined;
  /** When the cleanup first saw it stale. */
  readonly markedAt: UnixSeconds | undefined;
  /** Empty if the router is a peer. */
  readonly obstacles: readonly Obstacle[];
  /** Its right to its address; undefined if it has none. */
  readonly claim: Claim | undefined;
  /** Why its peer is the operator's; undefined if it is not. */
  readonly mark: OperatorsMark | undefined;
  /** In a domain with leases: the one that says most about the key, or the reason why they cannot be read. */
  readonly lease: KeyLease | Error | undefined;
}

/** The leases of each domain that has some. */
export type LeasesOf = ReadonlyMap<DomainName, readonly Lease[] | Error>;

/** A key and its state in every domain. */
export interface RouterReading {
  readonly key: PublicKey;
  readonly name: RouterName | undefined;
  readonly derivations: readonly Derivation[];
  readonly memberships: readonly Membership[];
}

/** The findings of `wgkex show`. */
export interface Answer {
  /** The router, as the operator wrote it. */
  readonly asked: string;
  readonly query: RouterQuery;
  readonly config: Config;
  readonly readings: readonly DomainReading[];
  readonly routers: readonly RouterReading[];
  /** Whether a router is a peer of some domain. */
  readonly isFound: boolean;
  /** Whether the operator asked for an address of this gateway. */
  readonly isOwn: boolean;
  /** The meshes of the domains that have one and where it could be read. */
  readonly meshes: ReadonlyMap<DomainName, DomainMesh>;
  /** Undefined if the journal was not asked, an error if it cannot be asked. */
  readonly journal: readonly JournalEntry[] | Error | undefined;
}

/** Finds every router that matches, by its claim, too; a whole key, or a named one, is included even if it is nowhere. */
export function findRouters(
  query: RouterQuery,
  readings: readonly DomainReading[],
  config: Config,
  leases: LeasesOf = new Map(),
): RouterReading[] {
  const peers = readings.flatMap((reading) => reading.peers.filter(({ peer }) => isMeant(query, peer)));
  const claimants = readings.flatMap(({ domain, view }) =>
    domain.leased === undefined ? findClaimants(query, view) : findHolders(query, leases.get(domain.name)),
  );
  const asked = query.kind === 'key' ? [query.key] : [];
  const names = readings[0]?.names ?? new Map();
  const keys = new Set([...peers.map(({ peer }) => peer.key), ...claimants, ...asked, ...findNamed(query, names)]);
  return [...keys].map((key) => ({
    key,
    name: names.get(key),
    derivations: deriveAll(key),
    memberships: readings.map((reading) => findMembership(key, reading, config, leases.get(reading.domain.name))),
  }));
}

/** Only addresses of the domain's own derivation can be claimed. */
function findClaimants(query: RouterQuery, { claims, peers }: DomainView): PublicKey[] {
  return [...claims.claims.keys()].filter((key) => {
    if (query.kind === 'key') return key === query.key;
    if (query.kind === 'beginning') return key.startsWith(query.beginning);
    if (query.kind === 'name') return false;
    const { address, mac } = peers.describe(key);
    return query.kind === 'mac' ? mac === query.mac : address === query.address;
  });
}

/** The keys of leases that have an address, a key or an ID that the query means. */
function findHolders(query: RouterQuery, leases: readonly Lease[] | Error = []): PublicKey[] {
  if (leases instanceof Error) return [];
  const isWanted = ({ id, key, address4, address6 }: Lease) => {
    if (query.kind === 'beginning') return id === query.beginning || key?.startsWith(query.beginning);
    return query.kind === 'address' && (address4 === query.address || address6 === query.address);
  };
  return leases.filter(isWanted).flatMap(({ key }) => key ?? []);
}

function findMembership(
  key: PublicKey,
  reading: DomainReading,
  config: Config,
  leases: readonly Lease[] | Error = [],
): Membership {
  const { view } = reading;
  const isLeased = reading.domain.leased !== undefined;
  const found = reading.peers.find(({ peer }) => peer.key === key);
  const claim = isLeased ? undefined : view.claims.claims.get(key);
  const lease = leases instanceof Error ? leases : findKeyLease(key, leases);
  if (found === undefined) {
    const absent = { listed: undefined, markedAt: undefined, mark: undefined, lease };
    return { reading, claim, ...absent, obstacles: isLeased ? findBans(key, view) : findAllObstacles(key, view) };
  }
  const listed = { ...found, reading };
  const mark = view.peers.findMark(found.peer);
  const markedAt = isMarkable(found, lease, isLeased) ? findMark(found, reading, config) : undefined;
  return { reading, claim, listed, markedAt, mark, lease, obstacles: [] };
}

function findAllObstacles(key: PublicKey, view: DomainView): Obstacle[] {
  return findObstacles(view.peers.describe(key), view);
}

/** Of what keeps routers out, the part that holds whatever the addresses are: these are for the leases to decide. */
function findBans(key: PublicKey, view: DomainView): Obstacle[] {
  const bans: readonly ObstacleRule[] = ['disallowed', 'static', 'own-key', 'operators-peer', 'lists'];
  return findAllObstacles(key, view).filter(({ rule }) => bans.includes(rule));
}

/** The mark of a peer that is alive again, or that got a lease, stays until the next cleanup, and means nothing. */
function isMarkable({ state }: SurveyedPeer, lease: Membership['lease'], isLeased: boolean): boolean {
  return isLeased ? state !== 'static' && lease === undefined : state === 'stale' || state === 'pending';
}

function findMark({ peer }: SurveyedPeer, { domain }: DomainReading, config: Config): UnixSeconds | undefined {
  try {
    return new StateFile(config.state_directory, domain.name).read().marks.get(peer.key);
  } catch (error) {
    // The cleanup then continues without marks.
    if (error instanceof DamagedStateError) return undefined;
    throw error;
  }
}
