import type { GatewayId } from './gateway-id.ts';
import type { Memory } from './stickiness.ts';

/**
 * How much is known of a gateway: `sound` has shown within 180 s that it is there. One of which only a retained state is
 * known is `untried` until it is asked, and `doubtful` until it then acknowledges: so a dead one costs one router a
 * moment. A worker of freifunkMUC could not acknowledge: it is `waiting` until its first live number.
 */
export type Standing = 'sound' | 'untried' | 'doubtful' | 'waiting';

/** A gateway that serves the domain and is not known to be gone. */
export interface Candidate {
  readonly gateway: GatewayId;
  readonly standing: Standing;
  readonly weight: number;
  readonly location: string | undefined;
  /** Routers that are alive there, with those that were acknowledged lately. */
  readonly load: number;
  readonly hasRoom: boolean;
  /** It did not answer an exchange of the last 30 s. */
  readonly isSilent: boolean;
}

/** What the router said, and what is remembered of it. */
export interface Wishes extends Memory {
  readonly location?: string | undefined;
}

/**
 * v2: the gateways to ask, the best first. Before all, the one that the router got last time, and at the end the one
 * that did not work for it twice; then those of its location; then the least loaded by weight, ties by chance.
 */
export function chooseGateways(
  candidates: readonly Candidate[],
  { prefer, avoid, location }: Wishes,
  random: () => number,
): GatewayId[] {
  const rank = (candidate: Candidate): number[] => [
    Number(candidate.gateway !== prefer),
    Number(candidate.gateway === avoid),
    Number(candidate.standing === 'doubtful'),
    Number(location !== undefined && candidate.location !== location),
    candidate.load / candidate.weight,
    random(),
  ];
  return candidates
    .filter((candidate) => isOpen(candidate) && !candidate.isSilent && candidate.standing !== 'waiting')
    .map((candidate) => ({ gateway: candidate.gateway, rank: rank(candidate) }))
    .sort((one, other) => compareRanks(one.rank, other.rank))
    .map(({ gateway }) => gateway);
}

/** v2: new routers may come. */
export function isOpen({ weight, hasRoom }: Candidate): boolean {
  return weight > 0 && hasRoom;
}

/**
 * v1: the gateways that must all take the key. One that never said a word since its state was retained may have been dead
 * for days, so it is asked once, and until it answers nobody waits for it.
 */
export function listReachable(candidates: readonly Candidate[]): Candidate[] {
  return candidates.filter(({ standing }) => standing !== 'doubtful');
}

function compareRanks(one: readonly number[], other: readonly number[]): number {
  const index = one.findIndex((value, place) => value !== other[place]);
  return (one[index] ?? 0) - (other[index] ?? 0);
}
