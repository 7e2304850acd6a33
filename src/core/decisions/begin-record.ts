import type { KeyLists } from '../exchange/key-lists.ts';
import type { Claims } from '../peers/claims.ts';
import { remember } from '../peers/handshakes.ts';
import { couldBeOurs, type Ownership } from '../peers/ownership.ts';
import { PeerRecord, UNRECORDED } from '../peers/record.ts';
import type { Handshakes, Peer } from '../values/peer.ts';
import type { PublicKey } from '../values/public-key.ts';
import { LONG_AGO, type Moment } from '../values/time.ts';
import type { Marks } from './staleness.ts';

/** What the other files remember of a domain when its record is lost or the machine starts. */
export interface Memory {
  readonly marks: Marks;
  readonly alive: Handshakes;
  readonly claims: Claims;
  readonly interfaces: string;
}

/** A record for a domain that has none, with all keys that are remembered. No peer is kept for being new. */
export function beginRecord(
  boot: string,
  memory: Memory,
  peers: readonly Peer[],
  lists: Pick<KeyLists, 'disallowed' | 'static'>,
  now: Moment,
): PeerRecord {
  const record = new PeerRecord(boot);
  record.setInterfaces(memory.interfaces);
  const isBarred = (key: PublicKey) => lists.disallowed.has(key) || lists.static.has(key);
  const isKnown = (key: PublicKey) => memory.marks.has(key) || memory.claims.has(key);
  for (const [key, at] of memory.alive)
    if (!isBarred(key)) record.set(key, { ...UNRECORDED, heard: remember(at, now) });
  for (const { key } of peers) {
    const isNew = !record.registrations.has(key);
    if (isNew && isKnown(key) && !isBarred(key)) record.set(key, UNRECORDED);
  }
  return record;
}

/** Takes over the keys of an earlier copy of a record, but none of its times. */
export function takeOver(
  previous: PeerRecord,
  record: PeerRecord,
  lists: Pick<KeyLists, 'disallowed' | 'static'>,
): void {
  for (const [key, registration] of previous.registrations) {
    if (lists.disallowed.has(key) || lists.static.has(key)) continue;
    const heard = registration.heard ?? record.registrations.get(key)?.heard;
    const times = { registeredAt: LONG_AGO, pendingSince: LONG_AGO, isProtected: false };
    record.set(key, { ...registration, ...times, heard });
  }
}

/** The peers that a gateway takes over from another service, or from a version without a record. */
export function findAdoptable(
  peers: Iterable<Peer>,
  ownership: Ownership,
  { disallowed }: Pick<KeyLists, 'disallowed'>,
): Peer[] {
  const isNew = ({ key }: Peer) => !ownership.registrations.has(key) && !disallowed.has(key);
  return [...peers].filter((peer) => isNew(peer) && couldBeOurs(peer, ownership));
}
