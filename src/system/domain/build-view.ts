import type { Config, DomainConfig } from '../../config/config.ts';
import type { DomainView } from '../../core/decisions/admission.ts';
import { Room } from '../../core/decisions/room.ts';
import type { KeyLists } from '../../core/exchange/key-lists.ts';
import type { WireguardReading } from '../../core/kernel/wg-dump.ts';
import type { ClaimTable } from '../../core/peers/claims.ts';
import { PeerTable } from '../../core/peers/peer-table.ts';
import type { PeerRecord } from '../../core/peers/record.ts';
import type { Moment } from '../../core/values/time.ts';
import { readOwnAddresses } from '../kernel/links.ts';
import type { DomainStore } from '../store/domain-store.ts';

/** What a view is made of. */
export interface ViewParts {
  readonly reading: WireguardReading;
  readonly record: PeerRecord;
  readonly lists: KeyLists;
  readonly claims: ClaimTable;
  readonly now: Moment;
  readonly unrecordable: string | undefined;
}

export function buildView(parts: ViewParts, domain: DomainConfig, config: Config, { plan }: DomainStore): DomainView {
  const { reading, record, lists, claims, now, unrecordable } = parts;
  const staleAfterSeconds = config.cleanup.stale_after_seconds;
  const limits = { maxPeers: domain.max_peers, maxPending: domain.max_pending };
  const ownership = { registrations: record.registrations, staticKeys: lists.static, plan };
  const peers = new PeerTable(reading.peers, { ...ownership, staleAfterSeconds }, now);
  return {
    peers,
    record,
    room: new Room(peers, limits),
    claims,
    lists,
    ownKey: reading.ownKey,
    ownAddresses: readOwnAddresses(),
    ...limits,
    staleAfterSeconds,
    unrecordable,
  };
}
