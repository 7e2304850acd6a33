import type { DomainView } from './admission.ts';
import type { ErrorCode } from './exchange.ts';
import type { IpAddress } from './ip-address.ts';
import { hadHandshakeWithin, hostNetwork, type PeerTable } from './peer-table.ts';
import type { Peer, UnixSeconds } from './peers.ts';
import type { PublicKey } from './public-key.ts';

/** Something that keeps a key, which is not there, from being let in; or that may have thrown it out. */
export interface Obstacle {
  readonly kind: 'disallowed' | 'own-key' | 'own-address' | 'operators-address' | 'same-address' | 'peers' | 'pending';
  /** What its router is told; undefined where the key would be let in all the same. */
  readonly code: ErrorCode | undefined;
  /** Who has its address. */
  readonly holder?: PublicKey;
}

/**
 * Everything that is in the way of a key, first what the gateway would answer. A domain that is full may still find
 * room, as keys that do not connect give way after a minute.
 */
export function findObstacles(key: PublicKey, view: Omit<DomainView, 'firstSeen'>, now: UnixSeconds): Obstacle[] {
  const { address } = view.peers.derive(key);
  const obstacles: Obstacle[] = [];
  if (view.disallowed.has(key)) obstacles.push({ kind: 'disallowed', code: 'PROHIBITED_WGKEY' });
  if (key === view.ownKey) obstacles.push({ kind: 'own-key', code: 'PROHIBITED_WGKEY' });
  if (view.ownAddresses.has(address)) obstacles.push({ kind: 'own-address', code: 'ADDRESS_TAKEN' });
  const operators = findOperators(view.peers, address);
  if (operators !== undefined)
    obstacles.push({ kind: 'operators-address', code: 'ADDRESS_TAKEN', holder: operators.key });
  return [...obstacles, ...(findHolder(address, view, now) ?? findLimits(view))];
}

function findHolder(
  address: IpAddress,
  { peers, staleAfterSeconds }: Omit<DomainView, 'firstSeen'>,
  now: UnixSeconds,
): Obstacle[] | undefined {
  const holder = peers.findHolder(address);
  if (holder === undefined) return undefined;
  const hasProved = hadHandshakeWithin(holder, staleAfterSeconds, now) || peers.isRemembered(holder.key);
  return [{ kind: 'same-address', code: hasProved ? 'ADDRESS_TAKEN' : undefined, holder: holder.key }];
}

function findLimits({ peers, maxPeers, maxPending }: Omit<DomainView, 'firstSeen'>): Obstacle[] {
  const limits: Obstacle[] = [];
  if (peers.ours.size >= maxPeers) limits.push({ kind: 'peers', code: 'FULL' });
  if (peers.pending.size >= maxPending) limits.push({ kind: 'pending', code: 'FULL' });
  return limits;
}

function findOperators(peers: PeerTable, address: IpAddress): Peer | undefined {
  return [...peers.operators].find(({ allowedIps }) => allowedIps.includes(hostNetwork(address)));
}
